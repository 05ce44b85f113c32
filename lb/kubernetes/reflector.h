// Reflector: follows all objects of one resource and passes each change on
// once.
//
// It lists, then watches, and repairs by itself whatever ends a watch
// (list_watch.h has the rules). The observer gets each object that is new or
// another than before, each deletion, and a word when a listing is complete. It
// keeps what it needs of them: the reflector keeps fingerprints only. An object
// that cannot be read is refused alone, and its last state stays in force.
//
// An observer that starts waits for the first Change::Kind::kListed; later ones
// follow each repair, and need no action. While the server is away nothing
// comes, and what was passed on is as of heard_at().
//
// Bounds: `page_bytes_max` and `line_bytes_max` of bytes that are not read yet,
// some 150 bytes for each of at most `objects_max` objects, one request at a
// time, and kRequestsPer10sMax.
//
// Loop thread only. The client, the loop and the observer outlive it; the
// observer may destroy it within OnChange().
#ifndef LB_KUBERNETES_REFLECTOR_H_
#define LB_KUBERNETES_REFLECTOR_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "lb/base/prng.h"
#include "lb/http/client.h"
#include "lb/io/loop.h"
#include "lb/kubernetes/list_watch.h"
#include "lb/kubernetes/object_view.h"
#include "lb/kubernetes/reflector_options.h"

namespace lb::kubernetes {

class Reflector {
 public:
  class Observer {
   public:
    virtual ~Observer() = default;
    virtual void OnChange(const Change& change) = 0;
    // A request has failed; another follows by itself.
    virtual void OnFailure() {}
  };

  // REQUIRES: Validate(options) is OK.
  Reflector(io::Loop* loop, http::Client* client, Observer* observer,
            ReflectorOptions options, const Prng& prng);
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;
  ~Reflector();

  // Sends the first request. To be called once.
  void Start();

  // Lists all objects again, although nothing asks for it. The next
  // Change::Kind::kListed is that of a list which the server began after this
  // call; objects that are as before yield nothing. Not within OnChange().
  void Relist();

  // The server, which was lost, has answered another of its clients
  // (recovery_client.h).
  void OnServerBack();

  // How it stands: is_synchronized(), heard_at(), last_error(), counters.
  const ListWatch& state() const { return core_; }

 private:
  class Handler;

  // Carries out what the core asks for, then passes changes on. The observer
  // may have destroyed this object when it returns.
  void Drain();

  io::Loop* const loop_;
  http::Client* const client_;
  Observer* const observer_;
  ListWatch core_;
  std::optional<http::RequestId> request_;
  std::unique_ptr<io::Timer> timer_;
  uint64_t failures_ = 0;  // That the observer knows of.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_REFLECTOR_H_
