"""Receptive fields: what part of an input a unit looks at."""

from likeness.inspection.fields.measured import receptive_fields
from likeness.inspection.fields.receptive_field import Box, ReceptiveField, whole

__all__ = ["Box", "ReceptiveField", "receptive_fields", "whole"]
