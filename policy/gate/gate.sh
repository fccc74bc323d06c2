#!/usr/bin/env bash
# Judges a stack by the policy pack in the folder above, in a pipeline or by hand. It needs that folder, Pulumi and a
# Python, and knows nothing itself: Pulumi judges, the pack's report says what came of it. Whatever was not judged to
# the end is an error, never a pass.
set -euo pipefail

usage() {
    cat <<'EOF'
gate.sh pull-request --stack NAME [options] [-- more for pulumi preview]
    Preview the stack under the policy pack.
gate.sh drift --stack NAME [options] [-- more for pulumi preview]
    Compare the deployed resources with the program, and evaluate the program and the deployed state by today's rules.
    The deployed state is what Pulumi recorded at the last up or refresh. Nothing is changed.

  --program DIR   the Pulumi program (default: the current folder)
  --pack DIR      the policy pack (default: the folder above this script)
  --levels FILE   levels and parameters of the rules (default: STACK.json of the pack, else its prod.json)
  --reports DIR   where reports go, as JSON, SARIF and JUnit (default: policy-report)

Variables: PYTHON, which reads the reports and needs only its standard library (default: python3);
GITHUB_STEP_SUMMARY, a file that gets the tables too; KOTAUTH_POLICY_WAIVERS, another file of waivers (absolute).

Exit codes: 0 no mandatory rule is violated; 1 a mandatory rule is violated, or can't be evaluated; 3 drift, and no
violation; 2 another error, and the stack wasn't fully evaluated.
EOF
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 2
}

folder() {
    (CDPATH='' cd -- "$1" 2>/dev/null && pwd) || fail "$2 $1 is not a folder"
}

# say KIND SENTENCE: what came of it, for the log and the summary.
violated='' drifted='' broken=''
say() {
    case $1 in
        violated) violated=yes ;;
        drifted) drifted=yes ;;
        broken) broken=yes ;;
    esac
    printf '\n%s: %s\n' "$stack" "$2" | tee -a "$summary"
}

# In the pack's folder: a module of the program must not take the place of one of Python's own.
ask() {
    (cd "$pack" && "$python" "$@") || fail 'the report is there and cannot be read'
}

IS_REFUSED='
import sys
from pathlib import Path
from kotauth_policy.formats import is_refused, read
print(is_refused(read(Path(sys.argv[1]).read_text(encoding="utf-8"))))
'

# show NAME: the report as files, and as a table in the log and the summary.
show() {
    local report="$reports/$1"
    # Waived findings are in the table; code scanning would take them for open ones.
    ask -m kotauth_policy render "$report.json" --format sarif --hide-waived >"$report.sarif"
    ask -m kotauth_policy render "$report.json" --format junit >"$report.xml"
    printf '\n### %s, %s\n\n```text\n' "$stack" "$1" >>"$summary"
    ask -m kotauth_policy render "$report.json" | tee -a "$summary"
    printf '```\n' >>"$summary"
}

# judge NAME COMMAND...: run a command of Pulumi's under the pack and say what came of it. Leaves how it ended in $code,
# and in $refused whether the report refuses it, nothing where there is no report.
judge() {
    local name=$1 report="$reports/$1"
    shift
    rm -f "$report.json" "$report.sarif" "$report.xml"
    code=0 refused=''
    KOTAUTH_POLICY_REPORT="$report.json" pulumi --non-interactive "$@" --stack "$stack" \
        --policy-pack "$pack" --policy-pack-config "$levels" || code=$?
    if [ -s "$report.json" ]; then
        show "$name"
        refused=$(ask -c "$IS_REFUSED" "$report.json")
    fi
    case $refused:$code:$command in
        True:*) say violated "$name: a mandatory rule is violated; the table names each, and what to do." ;;
        False:0:* | "False:$CHANGES:drift") say kept "$name: no mandatory rule is violated." ;;
        False:*) say broken "$name: Pulumi ended with $code, and not for a rule; it says above why." ;;
        *) say broken "$name: not every rule was evaluated. Pulumi ended with $code and says above why." ;;
    esac
}

pull_request() {
    judge preview preview "$@"
}

# How Pulumi ends that expected no changes and found some.
CHANGES=7
drift() {
    pulumi policy analyze --help >/dev/null 2>&1 ||
        fail "the drift check needs \`pulumi policy analyze\`: Pulumi 3.249 or newer, and this is $(pulumi version)"
    judge preview preview --refresh --expect-no-changes "$@"
    if [ "$refused" = True ]; then
        # Pulumi then says nothing of changes, so it is asked again without rules.
        code=0
        pulumi --non-interactive preview --refresh --expect-no-changes --stack "$stack" "$@" || code=$?
    fi
    case $code in
        0) say kept 'drift: none, what runs is what the program says.' ;;
        "$CHANGES")
            say drifted 'drift: what runs is not what the program says; it was changed past Pulumi or not brought up.'
            ;;
        *) say broken "drift: not known. Pulumi ended with $code and says above why." ;;
    esac
    judge deployed policy analyze
}

command=${1:-}
case $command in
    -h | --help) usage && exit ;;
    pull-request | drift) shift ;;
    *) usage >&2 && fail "the command is pull-request or drift, not '$command'" ;;
esac
stack='' program=. pack="${BASH_SOURCE[0]%/*}/.." levels='' reports=policy-report python=${PYTHON:-python3}
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
        -h | --help) usage && exit ;;
        --stack | --program | --pack | --levels | --reports)
            [ -n "${2:-}" ] || fail "$1 is without a value"
            printf -v "${1#--}" %s "$2"
            shift 2
            ;;
        *) fail "$1 is not an option; options for \`pulumi preview\` come after --" ;;
    esac
done
[ $# -eq 0 ] || shift

[ -n "$stack" ] || fail "which stack? --stack is missing; \`pulumi stack ls\` lists them"
command -v pulumi >/dev/null || fail 'pulumi is not on the PATH: https://www.pulumi.com/docs/install/'
command -v "$python" >/dev/null || fail "$python is not on the PATH; PYTHON names another one"
program=$(folder "$program" --program)
pack=$(folder "$pack" --pack)
[ -f "$pack/PulumiPolicy.yaml" ] || fail "--pack $pack is no policy pack: it has no PulumiPolicy.yaml"
if [ -z "$levels" ]; then
    levels="$pack/${stack##*/}.json"
    [ -f "$levels" ] || levels="$pack/prod.json"
fi
[ -f "$levels" ] || fail "--levels $levels is not a file"
levels="$(folder "$(dirname "$levels")" --levels)/${levels##*/}"
mkdir -p "$reports" || fail "--reports $reports can't be made"
reports=$(folder "$reports" --reports)
summary=${GITHUB_STEP_SUMMARY:-/dev/null}
cd "$program"

"${command//-/_}" "$@"
if [ -n "$violated" ]; then exit 1; fi
if [ -n "$drifted" ]; then exit 3; fi
if [ -n "$broken" ]; then exit 2; fi
