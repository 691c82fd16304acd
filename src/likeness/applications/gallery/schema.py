"""The tables of a gallery, in whatever database it is kept."""

from typing import NamedTuple

VERSION = 2
"""Of the tables: a program reads the galleries of its own version."""


TABLES = ("setting", "subject", "template", "cohort", "changed", "correction")
"""What they are called."""


class Types(NamedTuple):
    """What a database calls the types of columns, and what ends the definition of a table.

    `counted` is a primary key that the database gives, and never twice; `text` is ordered by its code points.
    """

    counted: str
    whole: str
    text: str
    real: str
    encoding: str
    end: str


def tables(types: Types) -> list[str]:
    """The statements that make the tables."""
    return [statement.format(**types._asdict()) for statement in _TABLES.split(";\n")]


_TABLES = """
CREATE TABLE setting (name {text} PRIMARY KEY, value {text} NOT NULL){end};
CREATE TABLE subject (
    number {counted},
    id {text} NOT NULL UNIQUE,
    name {text} NOT NULL
){end};
CREATE INDEX subject_by_name ON subject (name);
CREATE TABLE template (
    number {counted},
    subject {whole} NOT NULL REFERENCES subject (number),
    content {text} NOT NULL UNIQUE,
    file {text} NOT NULL,
    detector {text} NOT NULL,
    encoding {encoding} NOT NULL
){end};
CREATE INDEX template_by_subject ON template (subject, number);
CREATE TABLE cohort (
    number {counted},
    subject {text} NOT NULL,
    content {text} NOT NULL UNIQUE,
    file {text} NOT NULL,
    detector {text} NOT NULL,
    encoding {encoding} NOT NULL,
    smallest {real},
    nearest {whole}
){end};
CREATE INDEX cohort_by_subject ON cohort (subject);
CREATE TABLE changed (subject {whole} PRIMARY KEY){end};
CREATE TABLE correction (
    first {text} NOT NULL,
    second {text} NOT NULL,
    kind {text} NOT NULL CHECK (kind IN ('must', 'cannot')),
    PRIMARY KEY (first, second),
    CHECK (first < second)
){end}"""
