"""What displaced people need, and who they are: planning figures.

Amounts: BNPB, Perka 7/2008, as in InaSAFE's default profile. Ratios: InaSAFE's defaults for Indonesia.
All are per displaced person and unrounded.
"""

NEEDS = {
    "rice_kg_week": 2.8,
    "drinking_water_l_week": 17.5,
    "clean_water_l_week": 67.0,
    "family_kits_week": 0.2,  # one for five people
    "toilets": 0.05,  # one for twenty people, once
}
GROUPS = {
    "female": 0.496,
    "male": 0.504,
    "infant": 0.0925,  # 0 to 4 years
    "child": 0.1735,  # 5 to 14
    "adult": 0.657,  # 15 to 64
    "elderly": 0.077,  # 65 and over
    "child_bearing_age": 0.259,  # 15 to 49
    "pregnant": 0.024,
    "lactating": 0.026,
    "disabled": 0.15,
}
HYGIENE_PACKS_PER_WOMAN = 0.7937  # a week
EXTRA_RICE_KG_WEEK = 500 * 7 * 0.1 / 129  # 500 kcal a day more, 129 kcal in 0.1 kg; pregnant and lactating women


def needs(people: float) -> dict[str, float]:
    """Amounts for that many displaced people.

    >>> needs(1000)["rice_kg_week"], needs(1000)["toilets"]
    (2800.0, 50.0)
    """
    amounts = {name: people * amount for name, amount in NEEDS.items()}
    of = groups(people)
    amounts["hygiene_packs_week"] = of["female"] * HYGIENE_PACKS_PER_WOMAN
    amounts["additional_rice_kg_week"] = (of["pregnant"] + of["lactating"]) * EXTRA_RICE_KG_WEEK
    return amounts


def groups(people: float) -> dict[str, float]:
    """How many of them belong to each group; groups overlap."""
    return {name: people * ratio for name, ratio in GROUPS.items()}
