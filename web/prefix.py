"""The app under a path of its host, as behind a proxy at /siaga/: what its answers link to begins with that path.

Pages and code name each other by paths from the root of the app. Where it stands under another path the server tells
routes from it (SCRIPT_NAME), url_for adds it, and here it is put before the addresses that templates write.
"""

import re

from flask import Flask, Response, request

from siaga.listener import Known

_ATTRIBUTE = re.compile(r'(\s(?:href|src|(?:form)?action)=")(?=/(?!/))')


def install(app: Flask, path: str) -> None:
    """path: such as /siaga; "" changes nothing. After packing, so that what is packed is whole."""
    if not path:
        return
    app.config.update(APPLICATION_ROOT=path, SESSION_COOKIE_PATH=path)
    app.after_request(_put_before)


def taken_off(path: str, admits: Known) -> Known:
    """The same question, asked of an address as it came, before the server has taken the app's path off."""
    return lambda method, address, headers: admits(method, address.removeprefix(path), headers)


def under(path: str) -> str:
    """The address of a path of the app on this host."""
    return request.root_path + path


def _put_before(response: Response) -> Response:
    root = request.root_path
    response.autocorrect_location_header = False
    where = response.headers.get("Location", "")
    if where.startswith("/") and not _is_under(where, root):
        response.headers["Location"] = root + where
    if response.mimetype == "text/html" and not response.is_streamed:
        page = response.get_data(as_text=True)
        response.set_data(_ATTRIBUTE.sub(lambda found: _begun(page, found, root), page))
    return response


def _begun(page: str, found: re.Match[str], root: str) -> str:
    """The attribute up to its address, and the path if the address lacks it: url_for has put it there already."""
    return found[1] if _is_under(page[found.end() : found.end() + len(root) + 1].rstrip('"'), root) else found[1] + root


def _is_under(address: str, root: str) -> bool:
    return address == root or address.startswith((f"{root}/", f"{root}?"))
