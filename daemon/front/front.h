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
  // One more caller ends the connection that has been pending for longest. If
  // none is pending, the caller itself is closed.
  int connections_max = 128;
  int pending_max = 32;
  // The maximum age of any connection, busy or not.
  absl::Duration age_max = absl::InfiniteDuration();
};

class Front {
 public:
  // Refuses callers while the process has about this many open descriptors: the
  // kernel gives the lowest free number, so a number at or above this one shows
  // it. A connection has three. Processes may usually have 1,024.
  static constexpr int kDescriptorsMax = 640;

  // Both are called on the front's thread.
  struct Handlers {
    // Serves a caller. The callee closes the descriptor and does not block.
    // `right` is never kNone.
    std::function<void(Right right, int descriptor)> serve;
    // Names a closed caller and the reason, at most once in 10 s, with the
    // number of other refusals.
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

  // Takes callers from now on. Call it once.
  void Start();
  // Takes no more callers. Any thread.
  void StopListening();
  // Sets TLS for callers from now on. If the authorities of clients differ,
  // connections that were made under the old ones end. Any thread.
  void SetTls(std::shared_ptr<const TlsSetup> tls);

 private:
  struct Core;

  const std::unique_ptr<Core> core_;
  std::thread thread_;
};

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_FRONT_H_
