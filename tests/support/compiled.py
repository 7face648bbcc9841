"""What each web app of a test process would compile anew: templates, and what builds a route's addresses.

A test makes an app of its own, 50 ms of routes and as much of templates; both depend on the sources alone.
"""

import jinja2
from flask import Flask
from werkzeug.routing import Rule

_BUILDERS = {}


class Once(Rule):
    """A route like any other, whose builders are shared by all routes of the same words."""

    def _compile_builder(self, append_unknown=True):
        words = (self.rule, self.subdomain, self.host, str(self.defaults), append_unknown)
        if words not in _BUILDERS:
            _BUILDERS[words] = super()._compile_builder(append_unknown)
        return _BUILDERS[words]


class Templates(jinja2.BytecodeCache):
    """Compiled templates by the hash of their source, in memory."""

    def __init__(self):
        self.codes = {}

    def load_bytecode(self, bucket):
        bucket.code = self.codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket):
        self.codes[bucket.key, bucket.checksum] = bucket.code


def share():
    """From now on all apps of this process compile once."""
    Flask.url_rule_class = Once
    Flask.jinja_options = Flask.jinja_options | {"bytecode_cache": Templates()}
