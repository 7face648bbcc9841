"""What axe finds wrong with a page that is open: whom it keeps out."""

from pathlib import Path

_SCRIPT = (Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def violations(page, part="html"):
    """Each rule that the page breaks, and the first place; of one part of it where a selector is given."""
    page.evaluate(_SCRIPT)
    return page.evaluate(
        """part => axe.run(part, { resultTypes: ["violations"] })
            .then(run => run.violations.map(one => [one.id, one.nodes[0].html]))""",
        part,
    )
