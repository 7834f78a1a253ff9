"""Steps that project embeddings and find clusters."""

from distilabel.steps.clustering.dbscan import DBSCAN
from distilabel.steps.clustering.umap import UMAP

__all__ = ["DBSCAN", "UMAP"]
