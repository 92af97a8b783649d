import CLinux
import Glibc

/// The smallest processes that can be compared with a worker: bare libzmq in C, compiled when the measurement begins.
///
/// This program itself would not do: the libraries that its own command line needs cost more than what is measured.
struct BareProgram {
    let path: String

    /// Compiles it.
    ///
    /// - Throws: ``BenchError`` when there is no C compiler; one comes with Swift.
    init(in workspace: Workspace) throws {
        guard let compiler = Files.program("clang", "cc", "gcc") else {
            throw BenchError(
                "the floor of this measurement needs a C compiler; clang comes with Swift: add its folder to PATH"
            )
        }
        path = "\(workspace.path)/bare"
        try Files.write(Self.source, to: "\(path).c")
        let arguments = ["-O2", "-o", path, "\(path).c", "-lzmq"]
        _ = try Child("the C compiler", compiler, arguments, output: "\(path).log").result(milliseconds: 60_000)
    }

    /// - `first DATA OUTPUT`: writes the monotonic time of the first message that it receives into OUTPUT, and receives on.
    /// - `hello STATUS`: sends the monotonic time once it is connected, and waits.
    /// - `park DATA STATUS CONTROL`: connects the sockets of a worker, and waits.
    /// - `serve DATA STATUS CONTROL`: binds what workers connect to, and waits.
    private static let source = """
        #include <fcntl.h>
        #include <stdint.h>
        #include <stdio.h>
        #include <string.h>
        #include <time.h>
        #include <unistd.h>
        #include <zmq.h>

        static int64_t now(void) {
            struct timespec t;
            clock_gettime(CLOCK_MONOTONIC, &t);
            return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
        }

        int main(int argc, char **argv) {
            void *context = zmq_ctx_new();
            void *data = zmq_socket(context, ZMQ_SUB);
            zmq_setsockopt(data, ZMQ_SUBSCRIBE, "market.", 7);
            if (!strcmp(argv[1], "first")) {
                zmq_connect(data, argv[2]);
                char buffer[4096];
                for (int received = 0;; received++) {
                    if (zmq_recv(data, buffer, sizeof buffer, 0) < 0) return 1;
                    if (received) continue;
                    int out = open(argv[3], O_WRONLY);
                    char line[32];
                    int length = snprintf(line, sizeof line, "%lld\\n", (long long)now());
                    if (write(out, line, length) != length) return 1;
                    close(out);
                }
            }
            void *status = zmq_socket(context, ZMQ_PUSH);
            if (!strcmp(argv[1], "hello")) {
                zmq_connect(status, argv[2]);
                zmq_send(status, "hello", 5, 0);
                pause();
            }
            if (!strcmp(argv[1], "serve")) {
                zmq_bind(zmq_socket(context, ZMQ_XPUB), argv[2]);
                zmq_bind(zmq_socket(context, ZMQ_PULL), argv[3]);
                zmq_bind(zmq_socket(context, ZMQ_ROUTER), argv[4]);
                pause();
            }
            zmq_connect(data, argv[2]);
            zmq_connect(status, argv[3]);
            zmq_connect(zmq_socket(context, ZMQ_PUSH), argv[3]);
            zmq_connect(zmq_socket(context, ZMQ_DEALER), argv[4]);
            pause();
        }

        """
}
