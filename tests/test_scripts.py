"""Names in any script that a place may have in the region print as they are written."""

import subprocess

import pytest

NAMES = {
    "Arabic": "جاكرتا",
    "Balinese": "ᬩᬮᬶ",
    "Burmese": "မန္တလေး",
    "Chinese": "地震村",
    "Devanagari": "दिल्ली",
    "Hebrew": "ירושלים",
    "Japanese": "いわき",
    "Javanese": "ꦗꦮ",
    "Khmer": "ភ្នំពេញ",
    "Korean": "부산시",
    "Lao": "ວຽງຈັນ",
    "Sundanese": "ᮘᮔ᮪ᮓᮥᮀ",
    "Tamil": "சென்னை",
    "Thai": "กรุงเทพ",
}


@pytest.mark.parametrize("script", NAMES)
def test_a_font_has_every_letter(script):
    codes = " ".join(f"{ord(letter):x}" for letter in dict.fromkeys(NAMES[script]))
    found = subprocess.run(
        ["fc-list", f":charset={codes}", "family"], capture_output=True, text=True, check=True, timeout=20
    )
    assert found.stdout.strip(), f"no font of deployment/local/debian-packages.txt has {script}"
