"""Where recordings are kept: a folder, or a bucket of any S3-compatible service (STORAGE_URL)."""

from __future__ import annotations

from integrations.settings import Settings
from integrations.storage_contract import NotStored, Storage, StorageAway, StorageRefused
from integrations.storage_folder import FolderStorage
from integrations.storage_url import Folder

__all__ = ["NotStored", "Storage", "StorageAway", "StorageRefused", "build_storage"]


def build_storage(settings: Settings) -> Storage:
    """The storage of the settings; nothing is opened yet."""
    place = settings.storage
    if isinstance(place, Folder):
        return FolderStorage(place.path, is_ours=place.is_ours)
    # A large library, for the installations that have a bucket.
    from integrations.storage_s3 import S3Storage

    return S3Storage(place, settings.storage_key_id, settings.storage_secret)
