from bearing.errors import BearingError as BearingError
from bearing.errors import DataError as DataError
from bearing.errors import DownloadFailed as DownloadFailed
from bearing.errors import HashMismatch as HashMismatch
from bearing.errors import InputError as InputError
from bearing.errors import MissingRate as MissingRate
from bearing.errors import ModelError as ModelError
from bearing.errors import ParameterError as ParameterError
from bearing.errors import RecordingMissing as RecordingMissing
from bearing.errors import SignalError as SignalError
from bearing.errors import TooLarge as TooLarge
from bearing.errors import UnreadableFile as UnreadableFile
from bearing.errors import UnsupportedFormat as UnsupportedFormat
from bearing.machines.kept.machine import Machine as Machine
from bearing.physics.catalogue import CatalogueEntry as CatalogueEntry
from bearing.physics.kinematics import FaultOrders as FaultOrders
from bearing.physics.kinematics import Geometry as Geometry
from bearing.physics.kinematics import fault_orders as fault_orders
from bearing.recording import Recording as Recording
from bearing.verdict.asked.ask import diagnose as diagnose
from bearing.verdict.asked.ask import find_bearing as find_bearing
from bearing.verdict.asked.ask import read as read
from bearing.verdict.asked.intake import Intake as Intake
from bearing.verdict.diagnosis import Bearing as Bearing
from bearing.verdict.diagnosis import Diagnosis as Diagnosis

__all__: list[str]
__version__: str
