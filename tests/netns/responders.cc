#include "tests/netns/responders.h"

#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lb/announce/announce_node.h"
#include "lb/announce/frame_filter.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"
#include "lb/io/frame_transport.h"
#include "lb/net/checksum.h"
#include "lb/net/ethernet.h"
#include "tests/netns/raw_socket.h"

namespace lb::netns {
namespace {

using Frame = std::array<uint8_t, 2048>;

// Makes the ARP request in `frame` the answer to it. False: it is not for
// `address`.
bool AnswerArp(absl::Span<const uint8_t> address, const net::MacAddress& mac,
               Frame& frame) {
  uint8_t* const arp = frame.data() + 14;
  if (arp[7] != 1 || !std::equal(address.begin(), address.end(), arp + 24)) {
    return false;
  }
  arp[7] = 2;
  std::copy_n(arp + 8, 10, arp + 18);
  std::copy_n(mac.bytes.begin(), 6, arp + 8);
  std::copy_n(address.begin(), 4, arp + 14);
  std::copy_n(arp + 18, 6, frame.data());
  std::copy_n(mac.bytes.begin(), 6, frame.data() + 6);
  return true;
}

// Does the same for a neighbour solicitation with a source link-layer address.
bool AnswerNdp(absl::Span<const uint8_t> address, const net::MacAddress& mac,
               Frame& frame) {
  uint8_t* const ip = frame.data() + 14;
  uint8_t* const icmp = ip + 40;
  if (ip[6] != 58 || icmp[0] != 135 ||
      !std::equal(address.begin(), address.end(), icmp + 8)) {
    return false;
  }
  std::copy_n(frame.data() + 6, 6, frame.data());
  std::copy_n(mac.bytes.begin(), 6, frame.data() + 6);
  std::copy_n(ip + 8, 16, ip + 24);
  std::copy_n(address.begin(), 16, ip + 8);
  icmp[0] = 136;
  icmp[2] = icmp[3] = 0;
  icmp[4] = 0x60;  // Solicited, override.
  icmp[24] = 2;
  std::copy_n(mac.bytes.begin(), 6, icmp + 26);
  const uint16_t sum = net::Icmpv6Checksum(
      *net::IpAddress::FromBytes({ip + 8, 16}),
      *net::IpAddress::FromBytes({ip + 24, 16}), {icmp, 32});
  icmp[2] = static_cast<uint8_t>(sum >> 8);
  icmp[3] = static_cast<uint8_t>(sum);
  return true;
}

// A port with a filter that its user cannot replace.
class FilteredPort final : public io::FramePort {
 public:
  explicit FilteredPort(std::unique_ptr<io::FramePort> port)
      : port_(std::move(port)) {}

  absl::Status Send(absl::Span<const uint8_t> frame) override {
    return port_->Send(frame);
  }
  void SetReceiver(Receiver receiver) override {
    port_->SetReceiver(std::move(receiver));
  }
  absl::Status SetFilter(const io::FrameProgram&) override { return {}; }
  absl::Status JoinGroup(const net::IpAddress& group) override {
    return port_->JoinGroup(group);
  }
  absl::Status LeaveGroup(const net::IpAddress& group) override {
    return port_->LeaveGroup(group);
  }

 private:
  const std::unique_ptr<io::FramePort> port_;
};

// Opens ports for frames about `watched`; nothing watched: about all addresses.
class FilteredFrames final : public io::FrameTransport {
 public:
  FilteredFrames(io::FrameTransport* frames, Addresses watched)
      : frames_(frames), watched_(std::move(watched)) {}

  absl::StatusOr<std::unique_ptr<io::FramePort>> Open(
      const std::string& interface, const std::string& filter) override {
    LB_ASSIGN_OR_RETURN(std::unique_ptr<io::FramePort> port,
                        frames_->Open(interface, filter));
    LB_RETURN_IF_ERROR(watched_.empty()
                           ? port->SetFilter(announce::FilterForAll())
                           : announce::Watch(*port, watched_));
    return std::make_unique<FilteredPort>(std::move(port));
  }

 private:
  io::FrameTransport* const frames_;
  const Addresses watched_;
};

// Announces once, so that the announcements of the start do not disturb.
announce::AnnounceNodeOptions QuietOptions() {
  announce::AnnounceNodeOptions options;
  options.announcer.schedule.rounds = {absl::ZeroDuration()};
  options.announcer.schedule.period = absl::ZeroDuration();
  options.announcer.schedule.period_jitter = absl::ZeroDuration();
  options.interfaces = {.include = {kResponderInterface}, .exclude = {}};
  return options;
}

}  // namespace

void PinTo(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(processor), &set);
  sched_setaffinity(0, sizeof(set), &set);  // Refused: it stays free.
}

KernelResponder::KernelResponder(Addresses addresses)
    : addresses_(std::move(addresses)),
      installer_(*io::NetlinkAddresses::Create()) {
  for (const net::IpAddress& address : addresses_) {
    LB_CHECK(installer_->Install(kResponderInterface, address).ok());
  }
}

KernelResponder::~KernelResponder() {
  for (const net::IpAddress& address : addresses_) {
    LB_CHECK(installer_->Uninstall(kResponderInterface, address).ok());
  }
}

absl::Duration ThreadResponder::CpuTime() const {
  clockid_t clock = {};
  timespec time = {};
  // The thread lives as long as this object.
  pthread_getcpuclockid(const_cast<std::thread&>(thread_).native_handle(),
                        &clock);
  clock_gettime(clock, &time);
  return absl::DurationFromTimespec(time);
}

void ThreadResponder::Run(absl::AnyInvocable<void()> work) {
  thread_ = std::thread([work = std::move(work)]() mutable {
    PinTo(1);
    work();
  });
}

BareResponder::BareResponder(const net::IpAddress& address,
                             const net::MacAddress& mac) {
  Run([this, address, mac] { Loop(address, mac); });
  while (!ready_) std::this_thread::yield();
}

BareResponder::~BareResponder() {
  stopped_ = true;
  Join();
}

void BareResponder::Loop(const net::IpAddress& address,
                         const net::MacAddress& mac) {
  const std::vector<uint8_t> wanted = address.ToBytes();
  const bool is_arp = address.is_ipv4();
  RawSocket socket = *RawSocket::Open(
      kResponderInterface, is_arp ? net::kEtherTypeArp : net::kEtherTypeIpv6);
  socket.SetPatience(/*milliseconds=*/20);  // Between looks at stopped_.
  ready_ = true;
  Frame frame;
  size_t size = 0;
  while (!stopped_) {
    if (!socket.Receive(absl::MakeSpan(frame), &size, 0)) continue;
    const bool ours =
        is_arp ? AnswerArp(wanted, mac, frame) : AnswerNdp(wanted, mac, frame);
    if (ours) socket.Send(absl::MakeConstSpan(frame).first(size));
  }
}

AnnounceResponder::AnnounceResponder(const Addresses& addresses,
                                     const AnnounceOptions& options)
    : world_(*io::PosixEnvironment::Create(
          {.gossip = {net::IpAddress::Ipv4(0x7f000001), 0},
           .loop = {.busy_poll = options.busy_poll}})) {
  std::atomic<bool> ready = false;
  Run([this, &addresses, &ready, filter = options.kernel_filter] {
    FilteredFrames frames(world_->environment().frames,
                          filter ? addresses : Addresses());
    announce::Ports ports = announce::Ports::From(world_->environment());
    ports.frames = &frames;
    announce::AnnounceNode node(QuietOptions(), ports);
    node.Start();
    announce::Announcements announcements;
    for (const net::IpAddress& address : addresses) announcements[address] = {};
    node.SetAnnouncements(std::move(announcements));
    // Ready once the last of the first announcements is out.
    const auto timer = ports.loop->NewTimer([&ready] { ready = true; });
    timer->Arm(ports.loop->Now() + absl::Milliseconds(5) +
               absl::Milliseconds(1) * addresses.size());
    world_->Run();
  });
  while (!ready) std::this_thread::yield();
}

AnnounceResponder::~AnnounceResponder() {
  world_->Stop();
  Join();
}

}  // namespace lb::netns
