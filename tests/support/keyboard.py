"""Keys of a list, as somebody without a mouse uses them, and somebody who switched them off."""

FOCUS = "document.activeElement.outerHTML"


def leads_by_keys(page, table):
    """On a list that is open: / to its search, ↑ and ↓ from row to row of that table; not once it is switched off."""
    page.set_viewport_size({"width": 1440, "height": 900})  # on a phone a list has no head
    search, switch = page.locator("form[role=search] input[type=search]"), page.locator(".keys input")
    page.keyboard.press("/")
    assert focused(search)
    page.keyboard.type("1/2")
    page.keyboard.press("ArrowDown")
    assert focused(search)
    assert search.input_value() == "1/2", "no key is taken from who types"
    search.fill("")
    rows = page.locator(f"{table} tbody tr:has(a)")
    links = [rows.nth(number).locator("a").first for number in range(min(rows.count(), 3))]
    page.locator(f"{table} thead a").first.focus()
    page.keyboard.press("ArrowUp")
    assert focused(page.locator(f"{table} thead a").first)
    for link in links:
        page.keyboard.press("ArrowDown")
        assert focused(link), page.evaluate(FOCUS)
    for link in reversed(links[:-1]):
        page.keyboard.press("ArrowUp")
        assert focused(link), page.evaluate(FOCUS)
    switch.uncheck()
    page.reload()
    assert not switch.is_checked()
    for key in ("/", "ArrowDown"):
        links[0].focus()
        page.keyboard.press(key)
        assert focused(links[0])
    switch.check()
    page.keyboard.press("/")
    assert focused(search)


def focused(one):
    """Whether it has the focus."""
    return one.evaluate("one => one === document.activeElement")
