# What type checkers and editors see of the package, whose names are imported on first use.

from fairlead import allocation as allocation
from fairlead import management as management
from fairlead import matching as matching
from fairlead import prediction as prediction
from fairlead import report as report
from fairlead import scheduling as scheduling
from fairlead import traces as traces
from fairlead.allocation import CapacityPlan as CapacityPlan
from fairlead.allocation import allocate as allocate
from fairlead.cluster import Cluster as Cluster
from fairlead.errors import BackendUnavailableError as BackendUnavailableError
from fairlead.errors import FairleadError as FairleadError
from fairlead.errors import InvalidInputError as InvalidInputError
from fairlead.management import default_rules as default_rules
from fairlead.management import manage as manage
from fairlead.matching import cuda_info as cuda_info
from fairlead.matching import match as match
from fairlead.matching import score as score
from fairlead.pipeline import Pipeline as Pipeline
from fairlead.prediction import DemandForecast as DemandForecast
from fairlead.prediction import backtest as backtest
from fairlead.prediction import capacity_plan as capacity_plan
from fairlead.prediction import demand_series as demand_series
from fairlead.prediction import predict as predict
from fairlead.scheduling import Engine as Engine
from fairlead.scheduling import Schedule as Schedule
from fairlead.scheduling import Simulation as Simulation
from fairlead.scheduling import policies as policies
from fairlead.scheduling import policy_key as policy_key
from fairlead.scheduling import run_all as run_all
from fairlead.scheduling import schedule as schedule
from fairlead.strategies import resource_allocation_strategy as resource_allocation_strategy
from fairlead.strategies import resource_demand_prediction as resource_demand_prediction
from fairlead.strategies import resource_management_strategy as resource_management_strategy
from fairlead.strategies import resource_scheduling_strategy as resource_scheduling_strategy

__version__: str
