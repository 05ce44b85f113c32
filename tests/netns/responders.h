// The answerers of the latency benchmark: the kernel, a bare loop, and
// lb/announce.
//
// Each starts with its constructor and stops with its destructor, and answers
// on interface "vb". The latter two run on a thread of their own, on the second
// processor if there is one.
#ifndef TESTS_NETNS_RESPONDERS_H_
#define TESTS_NETNS_RESPONDERS_H_

#include <atomic>
#include <memory>
#include <thread>

#include "absl/container/btree_set.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "lb/io/posix/netlink_addresses.h"
#include "lb/io/posix/posix_environment.h"
#include "lb/net/ip_address.h"
#include "lb/net/mac_address.h"

namespace lb::netns {

inline constexpr char kResponderInterface[] = "vb";
using Addresses = absl::btree_set<net::IpAddress>;

class Responder {
 public:
  virtual ~Responder() = default;
  // The processor time of its thread; the kernel has none.
  virtual absl::Duration CpuTime() const { return absl::ZeroDuration(); }
};

// The addresses are the interface's own.
class KernelResponder final : public Responder {
 public:
  explicit KernelResponder(Addresses addresses);
  ~KernelResponder() override;

 private:
  const Addresses addresses_;
  std::unique_ptr<io::NetlinkAddresses> installer_;
};

class ThreadResponder : public Responder {
 public:
  absl::Duration CpuTime() const override;

 protected:
  // Runs `work` until it returns; the destructor of the class that calls this
  // sees to that and joins.
  void Run(absl::AnyInvocable<void()> work);
  void Join() { thread_.join(); }

 private:
  std::thread thread_;
};

// The fastest answer without lb/announce: receive, write the answer, send.
class BareResponder final : public ThreadResponder {
 public:
  BareResponder(const net::IpAddress& address, const net::MacAddress& mac);
  ~BareResponder() override;

 private:
  void Loop(const net::IpAddress& address, const net::MacAddress& mac);

  std::atomic<bool> stopped_ = false;
  std::atomic<bool> ready_ = false;
};

struct AnnounceOptions {
  absl::Duration busy_poll;
  bool kernel_filter = true;  // Else all ARP and NDP comes to the announcer.
};

// An AnnounceNode on a PosixEnvironment.
class AnnounceResponder final : public ThreadResponder {
 public:
  AnnounceResponder(const Addresses& addresses, const AnnounceOptions& options);
  ~AnnounceResponder() override;

 private:
  std::unique_ptr<io::PosixEnvironment> world_;
};

// Binds this thread to the n-th processor, if there are as many.
void PinTo(int processor);

}  // namespace lb::netns

#endif  // TESTS_NETNS_RESPONDERS_H_
