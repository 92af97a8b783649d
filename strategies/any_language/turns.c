/* A worker in C on bare libzmq, written from the page "Worker protocol": it emits a signal where the closes of a symbol turn.
 *     make -C strategies/any_language && quantcell start-strategy strategies/any_language/turns --symbols BTC/USDT
 * It greets, joins one topic, handles its bars in order, beats, obeys, and keeps each signal until that is on disk. What it misses
 * it counts, and what its process knows is lost with it: turns.py, beside this file, asks for the one and saves the other. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>
enum { OUTBOX = 1024, NAME = 128, TEXT = 1024, BODY = 1 << 20 };
static const char *worker_id, *generation, *identity, *_Atomic state = "starting";
static char symbol[65], data_type[33], topic[NAME], marker[NAME], sync_id[NAME], manager[NAME], name[NAME], body[BODY + 1];
static char outbox[OUTBOX][TEXT]; /* the signals that are not known to be on disk, by their numbers */
static _Atomic uint64_t handled, missed, emitted, recorded; /* recorded <= sent <= emitted */
static uint64_t last, sent;
static _Atomic double busy_since, interval = 1;
static double heard, greeted, asked, waited, lease = 60; /* `asked`: since when a greeting has had no answer */
static volatile sig_atomic_t is_over;
static void *control, *status, *data;
/* Writes an envelope into `text`; `more` is further members of it. */
#define ENVELOPE(type, more, payload, ...) (snprintf(id, NAME, "%.99s-%d", identity, count++), snprintf(text, TEXT, \
    "{\"msg_type\":\"" type "\",\"worker_id\":\"%s\",\"generation\":%s,\"msg_id\":\"%s\"" more ",\"payload\":{" payload "}}", \
    worker_id, generation, id, __VA_ARGS__), text)
static _Thread_local char text[TEXT], id[NAME];
static _Atomic int count;
static void terminate(int number) { is_over = number; }
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static int say(void *socket, const char *what) { return zmq_send(socket, what, strlen(what), ZMQ_DONTWAIT); }
static const char *member(const char *name) { /* what follows its colon; inside of a text a quote bears a backslash */
    char key[NAME + 3];
    snprintf(key, sizeof key, "\"%s\"", name);
    for (const char *at = body; (at = strstr(at, key)); at++) {
        const char *value = at + strlen(key) + strspn(at + strlen(key), " ");
        if (*value == ':') return value + 1 + strspn(value + 1, " ");
    }
    return "";
}static uint64_t number(const char *name) { return strtoull(member(name), NULL, 10); }

static void *connected(void *context, int type, const char *address, int option, const void *value, size_t size) {
    void *socket = zmq_socket(context, type);
    zmq_setsockopt(socket, ZMQ_LINGER, &(int){1000}, sizeof(int));
    zmq_setsockopt(socket, option, value, size); /* before it connects, or it does not count */
    if (zmq_connect(socket, getenv(address))) fprintf(stderr, "%s: %s\n", address, zmq_strerror(errno)), exit(70);
    return socket;
}
static int receive(void *socket, char *to, int size) { /* one frame, as text; what is too long is cut */
    int length = zmq_recv(socket, to, size, 0), end = length < size ? length : size;
    return to[end < 0 ? 0 : end] = 0, length;
}
static void *beat(void *context) { /* on a thread and a socket of its own: it goes on while the strategy computes */
    void *socket = connected(context, ZMQ_PUSH, "QUANTCELL_STATUS", ZMQ_IMMEDIATE, &(int){1}, sizeof(int));
    while (zmq_poll(NULL, 0, interval * 1000) == 0) {
        double since = busy_since;
        say(socket, ENVELOPE("heartbeat", "", "\"status\":\"%s\",\"identity\":\"%s\",\"messages_processed\":%lu,\"messages_missed\":%lu,"
            "\"signals_emitted\":%lu,\"signals_pending\":%lu,\"callback\":%s,\"callback_seconds\":%f", state, identity, handled, missed,
            emitted, emitted - recorded, since > 0 ? "\"on_bar\"" : "null", since > 0 ? now() - since : 0));
    }
    return NULL;
}
static void send_signals(void) { while (sent < emitted && say(status, outbox[(sent + 1) % OUTBOX]) >= 0) sent++; }
static void emit(const char *name, const char *side, double price) {
    strcpy(outbox[(emitted + 1) % OUTBOX], ENVELOPE("signal", ",\"seq\":%lu", "\"signal_id\":\"%s:%s.%s:%lu:1\",\"name\":\"%s\","
        "\"side\":\"%s\",\"symbol\":\"%s\",\"data_type\":\"%s\",\"sequence\":%lu,\"price\":%.17g", emitted + 1, worker_id, symbol,
        data_type, last, name, side, symbol, data_type, last, price));
    if (emitted++ == recorded) waited = now();
}
static void on_bar(double close) { /* the strategy */
    static double before, direction;
    double next = before == 0 ? 0 : (close > before) - (close < before);
    printf("bar %lu closes at %.17g\n", last, close);
    if (next * direction < 0) emit(next > 0 ? "turn_up" : "turn_down", next > 0 ? "buy" : "sell", close);
    direction = next ? next : direction;
    before = close;
}
static void on_data(int size) {
    if (!strcmp(name, marker) && !strncmp(member("reply_to") + 1, sync_id, strlen(sync_id))) {
        last = number(topic); /* from here on everything comes */
        say(status, ENVELOPE("status_update", "", "\"status\":\"%s\"", state = "running"));
    } else if (!strcmp(name, topic) && strcmp(state, "starting")) { /* a longer topic with the same beginning comes, too */
        int is_binary = *body == 'Q', is_closed = is_binary ? body[3] & 1 : strncmp(member("closed"), "false", 5);
        uint64_t sequence = number("seq");
        double close = strtod(member("close"), NULL);
        if (is_binary && (body[2] != 1 || size != 104)) return; /* no bar */
        if (is_binary) memcpy(&sequence, body + 8, 8), memcpy(&close, body + 56, 8);
        if (sequence <= last) return;
        missed += sequence - last - 1; handled++; last = sequence;
        busy_since = now();
        if (is_closed) on_bar(close);
        busy_since = 0;
    }
}
static void on_control(void) {
    char type[NAME] = "", command[NAME] = "";
    sscanf(member("msg_type"), "\"%127[^\"]", type), sscanf(member("msg_id"), "\"%127[^\"]", command);
    heard = now();
    if (!strcmp(type, "welcome")) {
        interval = strtod(member("heartbeat_interval"), NULL);
        if (number("orphan_lease")) lease = number("orphan_lease");
        if (strncmp(member("manager") + 1, manager, strlen(manager))) sent = recorded; /* another one, that has not got the rest */
        sscanf(member("manager"), "\"%127[^\"]", manager);
    } else if (!strcmp(type, "recorded") && number("signals") > recorded) {
        recorded = number("signals"); waited = heard;
        if (sent < recorded) sent = recorded;
    } else if (!strcmp(type, "resend") && number("from") > recorded && number("from") <= sent) {
        sent = number("from") - 1;
    } else if (!strcmp(type, "pause") || !strcmp(type, "resume") || !strcmp(type, "stop")) { /* twice is as good as once */
        state = *type == 'p' ? "paused" : *type == 'r' ? "running" : "stopping"; is_over |= *type == 's';
        say(control, ENVELOPE("ack", ",\"reply_to\":\"%s\"", "\"result\":\"%s\"", command, "done"));
    } else if (!strstr("recorded resend sync ack error", type))
        say(control, ENVELOPE("ack", ",\"reply_to\":\"%s\"", "\"result\":\"refused\",\"reason\":\"no %s here\"", command, type));
}
static void greet(void) {
    greeted = now(), asked = asked > heard ? asked : greeted;
    say(control, ENVELOPE("hello", "", "\"identity\":\"%s\",\"token\":\"%s\",\"pid\":%d,\"protocol\":1,\"runtime\":\"c\"", identity,
        getenv("QUANTCELL_TOKEN"), getpid()));
}

int main(void) {
    if (!(worker_id = getenv("QUANTCELL_WORKER_ID"))) return fprintf(stderr, "QuantCell's manager starts this program\n"), 64;
    generation = getenv("QUANTCELL_GENERATION"), identity = getenv("QUANTCELL_IDENTITY");
    sscanf(getenv("QUANTCELL_SYMBOLS"), "[\"%64[^\"]\"]", symbol), sscanf(getenv("QUANTCELL_DATA_TYPES"), "[\"%32[^\"]\"]", data_type);
    if (!*symbol || !*data_type || strstr(getenv("QUANTCELL_SYMBOLS"), "\",\"") || strstr(getenv("QUANTCELL_DATA_TYPES"), "\",\""))
        return fprintf(stderr, "--symbols and --data-types are needed, one of each\n"), 78;
    snprintf(topic, NAME, "market.%s.%s", symbol, data_type), snprintf(marker, NAME, "sync.%.99s", identity);
    setvbuf(stdout, NULL, _IOLBF, 0), signal(SIGTERM, terminate);
    void *context = zmq_ctx_new();
    control = connected(context, ZMQ_DEALER, "QUANTCELL_CONTROL", ZMQ_ROUTING_ID, identity, strlen(identity));
    status = connected(context, ZMQ_PUSH, "QUANTCELL_STATUS", ZMQ_SNDHWM, &(int){OUTBOX}, sizeof(int));
    data = connected(context, ZMQ_SUB, "QUANTCELL_DATA", ZMQ_RCVHWM, &(int){100000}, sizeof(int));
    pthread_create(&(pthread_t){0}, NULL, beat, zmq_ctx_new()); /* a context of its own, so that it beats until the end */
    heard = now(), greet();
    zmq_setsockopt(data, ZMQ_SUBSCRIBE, topic, strlen(topic)), zmq_setsockopt(data, ZMQ_SUBSCRIBE, marker, strlen(marker)); /* last */
    say(control, ENVELOPE("sync", "", "\"topics\":[\"%s\"]", topic)), strcpy(sync_id, id);
    while (!is_over) {
        int reads = strcmp(state, "paused") && emitted - recorded < OUTBOX;
        zmq_pollitem_t items[] = {{control, 0, ZMQ_POLLIN, 0}, {data, 0, reads ? ZMQ_POLLIN : 0, 0}};
        if (zmq_poll(items, 2, lease > 6 ? 1000 : lease * 1000 / 6) < 0) continue; /* SIGTERM */
        if (!items[0].revents && asked > heard && now() - asked > lease) break; /* nobody will tell it to stop */
        if (items[0].revents) receive(control, body, BODY), on_control();
        else if (items[1].revents) receive(data, name, NAME - 1), on_data(receive(data, body, BODY));
        if (emitted > recorded && now() - waited > 3) sent = recorded, waited = now(); /* nothing is confirmed: once more */
        send_signals();
        if (now() - greeted > lease / 6) greet(); /* its answer shows whether it is the same manager still */
    }
    zmq_close(control), zmq_close(status), zmq_close(data), zmq_ctx_term(context), _exit(0); /* lingers for a second */
}
