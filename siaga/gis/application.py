"""QGIS, started once in a process, without a display."""

import os
from functools import cache

from siaga.foreign import QgisObject


@cache
def start() -> QgisObject:
    """QGIS, running until the process ends: whoever drops it takes QGIS away, and a second one breaks both."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from qgis.core import QgsApplication

    if QgsApplication.instance() is not None:
        return QgsApplication.instance()
    application = QgsApplication([], False)
    application.initQgis()
    return application
