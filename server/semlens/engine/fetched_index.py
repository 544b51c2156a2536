"""Begins the index of a new root with the shared one, where the user's settings name a store.

The room `share` needs the packages of an extra, so it is imported by name and only then.
"""

from __future__ import annotations

import importlib
import logging
import threading
from pathlib import Path

from semlens.core.cancel import CancelToken
from semlens.core.errors import Cancelled, SemlensError
from semlens.settings.loading import Settings

logger = logging.getLogger(__name__)

PULL_SECONDS = 60.0
"""After this time the index is built here. Computing what was not fetched costs less than a longer wait."""


def fetch_index(root: Path, settings: Settings) -> None:
    """Pull the index of a root that has none. Whatever fails, the index is built here."""
    cancel = CancelToken()
    timer = threading.Timer(PULL_SECONDS, cancel.cancel)
    timer.daemon = True
    timer.start()
    try:
        sharing = importlib.import_module("semlens.share.sharing")
        pulled = sharing.pull(root, settings, "", cancel=cancel, progress=lambda *_: None)
    except Cancelled:
        logger.warning("The shared index of %s did not arrive within %.0f s. It is built here.", root, PULL_SECONDS)
    except ImportError as error:
        logger.warning("`share.url` needs `pip install 'semlens[share]'` (%s). The index is built here.", error)
    except SemlensError as error:
        logger.warning("The shared index of %s is not used: %s", root, error)
    else:
        if pulled.is_used:
            logger.info("The index of %s begins with the shared one, tree %s.", root, pulled.tree)
    finally:
        timer.cancel()
