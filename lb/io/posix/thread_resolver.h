// ThreadResolver: a Resolver that calls getaddrinfo() on threads of its own.
//
// A lookup can last for half a minute while no name server answers. Destroying
// the resolver does not wait for it: its answer is dropped.
#ifndef LB_IO_POSIX_THREAD_RESOLVER_H_
#define LB_IO_POSIX_THREAD_RESOLVER_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include "lb/io/posix/posix_loop.h"
#include "lb/io/resolver.h"

namespace lb::io {

class ThreadResolver final : public Resolver {
 public:
  // Lookups under way at once; later ones wait for their turn.
  static constexpr size_t kThreadsMax = 4;
  // Lookups that wait; what passes this is answered Unavailable.
  static constexpr size_t kWaitingMax = 1024;

  explicit ThreadResolver(PosixLoop* loop);
  ~ThreadResolver() override;
  ThreadResolver(const ThreadResolver&) = delete;
  ThreadResolver& operator=(const ThreadResolver&) = delete;

  void Resolve(const std::string& name, OnResolved on_resolved) override;

 private:
  // What a thread keeps alive; see the .cc.
  struct Link;
  struct Lookup {
    std::string name;
    OnResolved on_resolved;
  };

  void StartNext();

  PosixLoop* const loop_;
  const std::shared_ptr<Link> link_;
  std::deque<Lookup> waiting_;
  size_t threads_ = 0;
};

}  // namespace lb::io

#endif  // LB_IO_POSIX_THREAD_RESOLVER_H_
