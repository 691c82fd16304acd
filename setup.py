"""The packages, which pyproject.toml can't list: conf/ lies at the top and is installed as likeness/conf."""

from setuptools import find_namespace_packages, setup

setup(packages=[*find_namespace_packages("src"), "likeness.conf"])
