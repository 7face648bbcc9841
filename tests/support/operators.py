"""What operators and admins do on pages, as a browser of theirs does it: one action each, seen to have counted."""

from support import axe
from support.running import wait_for

PAGES = (
    *("/account", "/account/tokens", "/users", "/audit", "/texts", "/layouts", "/data", "/data/zones", "/reprocess"),
    *("/hidden", "/subscriptions", "/notifications", "/ash/upload"),
)


def sound(page, base):
    """Each page of theirs has no fault that axe finds; in English, since what is done here is done in Indonesian."""
    for path in PAGES:
        page.goto(f"{base}{path}?lang=en")
        assert axe.violations(page) == [], path


def orders(page, base, since, until):
    """The reports of a period, and all that failed, are ordered again."""
    for what, more in (("period", {"since": since, "until": until}), ("failed", {})):
        page.goto(f"{base}/reprocess")
        page.select_option("select[name=what]", what)
        for name, value in more.items():
            page.fill(f"input[name={name}]", value)
            page.select_option("select[name=report]", "yes")
        page.click("form[action='/reprocess/look'] button")
        page.click("form[action='/reprocess/order'] button")  # of the page that comes: waits for it
        page.wait_for_url("**/reprocess")
        assert page.locator("[role=alert]").count() == 0


def gives_up(page, base, key):
    """What was refused is dropped with a word why, and then tried once more."""
    why = "bukan peta"
    row = page.locator("tr", has_text=key)
    drop = row.locator("form[action='/reprocess/drop']")
    wait_for(lambda: page.goto(f"{base}/reprocess").ok and drop.count(), 60, "what was refused")
    drop.locator("input[name=why]").fill(why)
    drop.locator("button").click()
    wait_for(lambda: page.goto(f"{base}/reprocess").ok and not drop.count() and row.count(), 60, "what was dropped")
    assert why in row.inner_text()
    row.locator("form[action='/reprocess/retry'] button").click()
    wait_for(lambda: page.goto(f"{base}/reprocess").ok and drop.count(), 60, "what was refused again")


def decides(page, base, event):
    """An event is hidden and shown again, and is felt and not."""
    for what, more in (("hide", ""), ("felt", "yes"), ("felt", ""), ("show", "")):
        page.goto(f"{base}/earthquakes/{event}")
        form = page.locator(f"form[action='/decisions/{what}']")
        page.locator("details", has=form).locator("summary").click()
        if what == "felt":
            form.locator("select[name=felt]").select_option(more)
        form.locator("input[name=why]").fill("latihan")
        form.locator("button").click()
        page.wait_for_url(f"**/earthquakes/{event}/*")
        if what == "hide":
            page.goto(f"{base}/hidden")
            assert page.locator(f"a[href='/earthquakes/{event}']").count() == 1
    page.goto(f"{base}/hidden")
    assert page.locator(f"a[href='/earthquakes/{event}']").count() == 0


def makes_a_token(page, base):
    """And revokes it."""
    page.goto(f"{base}/account/tokens")
    page.fill("input[name=purpose]", "uji coba")
    page.check("input[value='write:felt']")
    page.click("form[action='/account/tokens/add'] button")
    assert page.locator(".given code").inner_text().startswith("siaga_")
    revoke = page.locator("tr", has_text="uji coba").locator("form[action='/account/tokens/revoke'] button")
    revoke.click()
    revoke.wait_for(state="detached")


def adds_a_user(page, base):
    """And gives another role, lets that one in no more, and in again."""
    name = "baru"
    page.goto(f"{base}/users")
    page.fill("form[action='/users/add'] input[name=name]", name)
    page.click("form[action='/users/add'] button")
    assert len(page.locator(".given code").inner_text()) == 16
    row = page.locator("tr", has_text=name)
    row.locator("select[name=role]").select_option("viewer")
    row.locator("form[action='/users/role'] button").click()
    page.wait_for_url("**/users")
    assert row.locator("select[name=role]").input_value() == "viewer"
    disable = row.locator("form[action='/users/disable'] button")
    row.locator("details", has=page.locator("form[action='/users/disable']")).locator("summary").click()
    disable.click()
    enable = row.locator("form[action='/users/enable'] button")
    enable.click()
    enable.wait_for(state="detached")


def subscribes(page, base):
    """Somebody is subscribed, stopped, goes on, and is stopped and removed."""
    page.goto(f"{base}/subscriptions")
    form = page.locator("form[action='/subscriptions/save']")
    form.locator("input[name=name]").fill("Posko Lombok")
    form.locator("input[name=address]").fill("posko@example.org")
    form.locator("input[value=ash]").check()
    form.locator("select[name=ash_class]").select_option("very_high")
    form.locator("button").click()
    row = page.locator("tr", has_text="Posko Lombok")
    stop, go_on = row.locator("button:not([name], [formaction])"), row.locator("button[name=go_on]")
    for click, becomes in ((stop, "attached"), (go_on, "detached"), (stop, "attached")):
        click.click()
        go_on.wait_for(state=becomes)
    row.locator("button[formaction='/subscriptions/remove']").click()
    row.wait_for(state="detached")
