"""Figures of a clone for monitoring: read in `figures`, made into Prometheus' families in `families`, and those into a
file in `textfile`. Never an id as a label, and never a figure that is not measured."""
