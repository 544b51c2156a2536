"""An index that colleagues, clones and CI share through a folder or an object store (extra ``semlens[share]``)."""
