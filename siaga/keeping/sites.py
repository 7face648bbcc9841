"""Sites: this Siaga's store, and others by name, as `sites.yml` of the secrets tells how to reach them."""

import yaml

from siaga.errors import NotFound, SiagaError
from siaga.settings import Settings
from siaga.store import Store

HERE = "here"
FILE = "sites.yml"
_FIELDS = ("url", "key", "secret")


def opened(settings: Settings, name: str) -> Store:
    """The store of a site, with the rights of root; "here" is our own.

    Raises NotFound where no site has that name, SiagaError naming the field that is missing or wrong.
    """
    if name == HERE:
        return Store.connect(settings, "root")
    sites = _read(settings)
    if name not in sites:
        named = ", ".join([HERE, *sorted(sites)])
        raise NotFound("There is no site {name}, only {sites}; {file} names them", name=name, sites=named, file=FILE)
    site = sites[name]
    region = site.get("region", "us-east-1")
    return Store(site["url"], site["key"], site["secret"], region)


def _read(settings: Settings) -> dict[str, dict[str, str]]:
    path = settings.secrets / FILE
    try:
        sites = yaml.safe_load(path.read_text(encoding="utf-8"))["sites"]
        return {str(name): _site(path, str(name), site) for name, site in sites.items()}
    except FileNotFoundError:
        return {}
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError, AttributeError) as error:
        raise SiagaError("{file}: write sites: and below it each by name: {detail}", file=path, detail=error) from error


def _site(path: object, name: str, site: object) -> dict[str, str]:
    if not isinstance(site, dict) or not all(isinstance(site.get(field), str) for field in _FIELDS):
        raise SiagaError("{file}: the site {name} needs {fields}", file=path, name=name, fields=", ".join(_FIELDS))
    if not site["url"].startswith(("http://", "https://")):
        raise SiagaError("{file}: the url of {name} is not like https://store.example.id", file=path, name=name)
    return {str(field): str(value) for field, value in site.items()}
