"""Entry point that the engine runs; everything else is importable from `kotauth_policy`."""

from kotauth_policy.catalogue import all_readers, all_rules
from kotauth_policy.engine.servicer import serve

serve(all_rules(), all_readers())
