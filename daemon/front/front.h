// Front: a listening socket, TLS, rights and bounds between callers and gRPC.
//
// gRPC (1.51) accepts until the process has no descriptor left, and does not
// bound the cost of a caller's headers. Front accepts a connection if the
// bounds allow it. The caller has to end its handshake within 5 s, and needs a
// right. Then the server with the services of that right gets its bytes, over a
// socket pair, as far as Http2Bounds lets them pass.
//
//   Front front(std::move(socket), tls, {.access = access},
//               {.serve = [&](Right right, int descriptor) { ... },
//                .on_refused = [&](std::string what) { ... }});
//   front.Start();
//
// It runs on a thread of its own, which ends with the object.
#ifndef LB_DAEMON_FRONT_FRONT_H_
#define LB_DAEMON_FRONT_FRONT_H_

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "daemon/front/access.h"
#include "daemon/front/certificates.h"
#include "daemon/front/listening_socket.h"

namespace lb::front {

struct FrontOptions {
  Access access;
  // One more caller ends the one that has been pending for longest, or is
  // closed if none is.
  int connections_max = 128;
  int pending_max = 32;
  // The age of any connection, busy or not.
  absl::Duration age_max = absl::InfiniteDuration();
};

class Front {
 public:
  // The kernel gives the lowest number that is free: one at or above this is
  // the mark of as many that are open in the process. A connection has three.
  // Below the 1,024 that processes may usually have.
  static constexpr int kDescriptorsMax = 640;

  // Both are called on the thread.
  struct Handlers {
    // The callee closes the descriptor. It does not block. Never kNone.
    std::function<void(Right right, int descriptor)> serve;
    // The closed caller and the reason, at most once in 10 s, with the number
    // of others.
    std::function<void(const std::string& what)> on_refused;
  };

  // `tls`: null in the clear.
  Front(std::unique_ptr<ListeningSocket> socket,
        std::shared_ptr<const TlsSetup> tls, FrontOptions options,
        Handlers handlers);
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  // Waits, up to a second, until callers have what their servers sent.
  ~Front();

  // Takes callers from now on. Once.
  void Start();
  // Takes no more callers. Any thread.
  void StopListening();
  // For callers from now on. With other authorities of clients, connections
  // that were made under the old ones end. Any thread.
  void SetTls(std::shared_ptr<const TlsSetup> tls);

 private:
  struct Core;

  const std::unique_ptr<Core> core_;
  std::thread thread_;
};

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_FRONT_H_
