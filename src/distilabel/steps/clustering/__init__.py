"""Steps that lay rows out on a map and find groups on it."""

from distilabel.steps.clustering.dbscan import DBSCAN
from distilabel.steps.clustering.umap import UMAP

__all__ = ["DBSCAN", "UMAP"]
