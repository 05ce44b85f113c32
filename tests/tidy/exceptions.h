// Exceptions of single files from a rule, and the sizes of large classes, each
// with the reason.
//
// The lists only shrink: tidy_test fails on an entry that no finding needs, and
// on one that is larger than its class.
#ifndef TESTS_TIDY_EXCEPTIONS_H_
#define TESTS_TIDY_EXCEPTIONS_H_

#include <array>
#include <string_view>

#include "tests/tidy/classes.h"

namespace lb::tidy {

struct Exception {
  std::string_view path;
  std::string_view rule;
  std::string_view reason;
};

inline constexpr std::array kExceptions = {
    Exception{"CONTRIBUTING.md", "phrase", "Lists the phrases."},
    Exception{"daemon/daemon.cc", "thread",
              "The server's shutdown waits for the loop."},
    Exception{"daemon/front/caller_stream.cc", "socket",
              "Callers of gRPC, beside the loop, where TLS costs no frame."},
    Exception{"daemon/front/caller_stream.h", "socket", "The same."},
    Exception{"daemon/front/callers.cc", "socket", "The same: accepts."},
    Exception{"daemon/front/callers.h", "socket", "The same."},
    Exception{"daemon/front/certificates.cc", "parameters",
              "A callback of OpenSSL."},
    Exception{"daemon/front/connection.cc", "socket", "The same."},
    Exception{"daemon/front/connection.h", "socket", "The same."},
    Exception{"daemon/front/front.cc", "socket", "The same."},
    Exception{"daemon/front/front.cc", "thread", "The same: its thread."},
    Exception{"daemon/front/front.h", "thread", "The same."},
    Exception{"daemon/front/listening_socket.cc", "socket",
              "Listens for it, as gRPC has no bound."},
    Exception{"daemon/front/steady_now.h", "clock",
              "Callers are paced on that thread."},
    Exception{"daemon/lbctl/client.cc", "clock", "A client's deadline."},
    Exception{"daemon/lbctl/doctor.cc", "socket",
              "Names of capabilities, no sockets."},
    Exception{"daemon/lbctl/doctor_test.cc", "socket", "The same."},
    Exception{"daemon/lbctl/host_facts.cc", "clock",
              "A program that reads facts of its host."},
    Exception{"daemon/lbctl/host_facts.cc", "socket",
              "The same: ports in use, peers in reach."},
    Exception{"daemon/lbctl/session.cc", "clock",
              "A program: --since counts from now."},
    Exception{"daemon/lbctl/testing/fake_node.h", "mutex",
              "gRPC calls it on its threads."},
    Exception{"daemon/lbctl/testing/sockets.cc", "socket",
              "Sockets of this host for lbctl to find."},
    Exception{"daemon/lbctl/unix_socket.cc", "socket",
              "Why gRPC does not reach lbd: gRPC itself does not say."},
    Exception{"daemon/log.cc", "clock",
              "What gRPC logs on its threads, beside the loop."},
    Exception{"daemon/metrics/metrics_server_test.cc", "socket",
              "A port that is free."},
    Exception{"daemon/sandbox.cc", "socket",
              "Names of families to refuse, no sockets."},
    Exception{"daemon/sandbox_test.cc", "socket",
              "Tries which families are refused."},
    Exception{"daemon/service_notify_test.cc", "socket",
              "Plays systemd's end."},
    Exception{"daemon/status_bounds_test.cc", "clock",
              "How long real callers are served."},
    Exception{"daemon/status_server.cc", "clock",
              "Validity of certificates; gRPC's deadline."},
    Exception{"daemon/status_server.cc", "socket",
              "Owner and mode of gRPC's Unix socket."},
    Exception{"daemon/status_server_test.cc", "clock", "gRPC's deadline."},
    Exception{"daemon/status_server_test.cc", "socket",
              "Looks at the sockets that gRPC opened."},
    Exception{"daemon/status_tls_test.cc", "clock",
              "Validity of certificates."},
    Exception{"daemon/testing/node_test.cc", "socket", "A port that is free."},
    Exception{"daemon/testing/node_test.cc", "thread",
              "A loop beside gRPC's threads, as in lbd."},
    Exception{"daemon/testing/node_test.h", "thread", "The same."},
    Exception{"daemon/testing/raw_caller.cc", "clock", "A client's deadline."},
    Exception{"daemon/testing/raw_caller.cc", "socket",
              "A client whose bytes gRPC would not send."},
    Exception{"daemon/testing/tls_node_test.cc", "clock", "gRPC's deadline."},
    Exception{"examples/consumer-pkg-config/main.cc", "dead-file",
              "Built outside of this workspace, by tests/packaging."},
    Exception{"lb/announce/arp_responder_test.cc", "function-length",
              "One table of cases."},
    Exception{"lb/announce/strict_arp.cc", "parameters",
              "Four words of one message."},
    Exception{"daemon/options/options_test.cc", "function-length",
              "One case of all options."},
    Exception{"lb/election/election_sim_test.cc", "pointer-key",
              "Looked up, never walked in order."},
    Exception{"lb/gossip/gossip_simulation.cc", "clock",
              "A benchmark: measures itself."},
    Exception{"lb/http/nghttp2_session.cc", "parameters",
              "Callbacks of nghttp2."},
    Exception{"lb/http/tls_context.cc", "parameters", "A callback of OpenSSL."},
    Exception{"lb/io/sim/frame_filter.cc", "socket",
              "libpcap's interpreter, no device."},
    Exception{"lb/ipam/pool_validation_test.cc", "function-length",
              "One table of cases."},
    Exception{"lb/net/ip_address.cc", "socket",
              "inet_pton and inet_ntop: text, no sockets."},
    Exception{"tests/interop/peer.cc", "random",
              "A program: seeds itself, as lbd does."},
};

// Name, lines, fields; 0: within the limit. No class is above the limits.
inline constexpr std::array<LargeClass, 0> kLargeClasses = {};

}  // namespace lb::tidy

#endif  // TESTS_TIDY_EXCEPTIONS_H_
