from django.apps import AppConfig


class SimulationConfig(AppConfig):
    name = "annotate.simulation"
    label = "simulation"
