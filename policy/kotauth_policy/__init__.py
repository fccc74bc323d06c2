"""The CrossGuard pack of kotauth-infra: rules as data, judged on what the engine sends, in three states."""
