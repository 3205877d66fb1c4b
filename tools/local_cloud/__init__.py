"""The local cloud: MiniStack, a deployment of template.yaml into it, a carrier, the front door."""

from tools.local_cloud.cloud import Cloud, start_cloud
from tools.local_cloud.emulator import Emulator, start_ministack

__all__ = ["Cloud", "Emulator", "start_cloud", "start_ministack"]
