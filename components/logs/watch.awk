# Watches the log route: asks the reader and the shipper for their metrics, says in one line what became of the log
# lines, and writes to HEALTH whether the route works. Runs with any awk, and curl.
#
# Counts are of the time since this program began. A collector that starts again counts from zero, which is noticed.

BEGIN {
	# Seconds between two looks.
	TICK = TICK ? TICK : 5
	# Seconds in which lines may wait without any being taken.
	PATIENCE = PATIENCE ? PATIENCE : 30
	# Seconds for which refused or lost lines make the route unhealthy.
	REMEMBERED = REMEMBERED ? REMEMBERED : 30
	# Seconds after a full queue in which the reader may still wait.
	FULL = FULL ? FULL : 20
	# Seconds after which the line is printed again, though nothing has changed.
	REPEATED = REPEATED ? REPEATED : 300
	# Looks in a row without catching up, after which what is missing counts as lost.
	HISTORY = 4
	began = waits_since = now()
	for (;;) {
		look()
		system("sleep " TICK)
	}
}

function now(  moment) {
	"date +%s" | getline moment
	close("date +%s")
	return moment + 0
}

function look(  moment, reader_answers, shipper_answers, problem) {
	moment = now()
	delete seen
	answers = ""
	reader_answers = ask("reader")
	shipper_answers = ask("shipper")

	if (reader_answers) {
		if (seen["reader", "written"] < last["reader", "written"] || seen["reader", "read"] < last["reader", "read"]) {
			restarted = !is_full
			looks = 0
		}
		count("reader", "written")
		count("reader", "read")
		if (grew("reader", "full") || unanswered["shipper"] > HISTORY) {
			last_full = moment
			had_to_wait = 1
		}
		is_full = last_full && moment - last_full < FULL
	}
	if (shipper_answers) {
		count("shipper", "sent")
		count("shipper", "refused")
		if (grew("shipper", "sent"))
			last_sent = moment
		if (grew("shipper", "refused"))
			last_refused = moment
	}
	if (reader_answers && shipper_answers)
		find_lost(moment)
	for (key in seen)
		last[key] = seen[key]

	waiting = shipper_answers ? seen["shipper", "queued"] : waiting
	if (waiting + 0 == 0)
		waits_since = moment
	if (last_sent > waits_since)
		waits_since = last_sent

	unanswered["reader"] = reader_answers ? 0 : unanswered["reader"] + 1
	unanswered["shipper"] = shipper_answers ? 0 : unanswered["shipper"] + 1
	problem = ""
	if (unanswered["reader"] > 1)
		problem = "the reader does not answer"
	else if (unanswered["shipper"] > 1)
		problem = "the shipper does not answer"
	else if (last_refused && (last_refused > last_sent || moment - last_refused < REMEMBERED))
		problem = "the endpoint refuses lines (" described() ")"
	else if (moment - waits_since > PATIENCE)
		problem = "the endpoint takes no lines (" described() ")" (is_full ? ", and the queue is full" : "")
	else if (total["read"] == 0 && moment - began > PATIENCE)
		problem = "the reader finds no lines of this stack"
	else if (last_lost && moment - last_lost < REMEMBERED)
		problem = "lines were lost, because Docker removed them before they were read"
	say(moment, problem)
}

# Reads the metrics of one collector, and its health; returns whether it answers.
function ask(collector,  command, line, answers_now) {
	command = "curl -sf --max-time 3 " (collector == "reader" ? READER : SHIPPER)
	answers_now = 0
	while ((command | getline line) > 0) {
		if (line ~ /^otelcol_receiver_accepted_log_records/) {
			answers_now = 1
			add(collector, line ~ /receiver="file_log\/written"/ ? "written" : "read", line)
		} else if (line ~ /^otelcol_exporter_sent_log_records/)
			add(collector, "sent", line)
		else if (line ~ /^otelcol_exporter_send_failed_log_records/)
			add(collector, "refused", line)
		else if (line ~ /^otelcol_exporter_queue_size/)
			add(collector, "queued", line)
		else if (line ~ /^http_client_request_duration_seconds_count/)
			answer(collector, line)
		else if (line ~ /^otelcol_process_uptime/)
			answers_now = 1
	}
	close(command)
	return answers_now
}

function add(collector, name, line) {
	seen[collector, name] += value(line)
}

function value(line) {
	sub(/^.*} */, "", line)
	return line + 0
}

# Notes how often the endpoint gave each bad answer, and how often the shipper told the reader to wait.
function answer(collector, line,  status) {
	status = "none"
	if (match(line, /http_response_status_code="[0-9]+"/))
		status = substr(line, RSTART + 27, RLENGTH - 28)
	if (status ~ /^2/)
		return
	if (collector == "reader") {
		if (status == 503)
			add(collector, "full", line)
		return
	}
	add(collector, "answer " status, line)
	if (grew(collector, "answer " status))
		last_answer = status
}

function grew(collector, name) {
	return seen[collector, name] > last[collector, name] \
		|| (seen[collector, name] < last[collector, name] && seen[collector, name] > 0)
}

function count(collector, name,  before) {
	before = last[collector, name]
	total[name] += seen[collector, name] < before ? seen[collector, name] : seen[collector, name] - before
}

# What was written and isn't read is still in Docker's files, or lost. It is lost if nothing is caught up with any more.
function find_lost(moment,  behind, least, index_) {
	behind = total["written"] - total["read"]
	if (is_full || (looks > 0 && behind < history[looks] - 10)) {
		looks = 0
		return
	}
	history[++looks] = behind
	if (looks < HISTORY)
		return
	least = behind
	for (index_ = looks - HISTORY + 1; index_ < looks; index_++)
		if (history[index_] < least)
			least = history[index_]
	if (restarted || !had_to_wait) {
		# What the two counts differ by was counted before a start of the reader, or twice.
		total["written"] -= least - lost
		restarted = looks = 0
	} else if (least > lost) {
		lost = least
		last_lost = moment
	}
	had_to_wait = 0
}

function described() {
	return last_answer == "" || last_answer == "none" ? "it gives no answer" : "it answers " last_answer
}

function say(moment, problem,  state, line) {
	state = problem == "" ? "ok" : problem
	line = sprintf("%s: %d lines read, %d sent, %d refused, %d lost, %d bytes waiting", \
		state, total["read"], total["sent"], total["refused"], lost, waiting)
	print moment, (problem == "" ? "ok" : "failed"), line > HEALTH
	close(HEALTH)
	if (state != last_state || moment - last_said >= REPEATED) {
		printf "{\"level\":\"%s\",\"message\":\"log route to %s: %s\"}\n", (problem == "" ? "INFO" : "WARN"), ENDPOINT, line
		fflush()
		last_state = state
		last_said = moment
	}
}
