"""The recipe of runs that train the points of faces."""
