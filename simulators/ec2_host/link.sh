# shellcheck shell=bash
# The link of the VPC: it answers as the name server and the metadata service, and leads to the endpoints.
# They are served by a process of this machine at the address $1; containers find them at port 443 of the link.
set -eu
ip address add 169.254.169.253/32 dev lo
ip address add 169.254.169.254/32 dev lo
iptables -t nat -A PREROUTING -p tcp --dport 443 -j DNAT --to-destination "$1"
iptables -t nat -A POSTROUTING -p tcp -d "${1%:*}" -j MASQUERADE
export PYTHONPATH=/lab PYTHONDONTWRITEBYTECODE=1
python3 -m simulators.ec2_host.resolver &
exec python3 -m simulators.ec2_host.metadata_service
