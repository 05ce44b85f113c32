#include "lb/io/posix/pcap_frames.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/socket.h>

#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "asio/io_context.hpp"
#include "asio/posix/stream_descriptor.hpp"
#include "fmt/format.h"
#include "lb/base/status_macros.h"
#include "lb/io/posix/group_membership.h"
#include "lb/net/ethernet.h"

namespace lb::io {
namespace {

// For 1,024 frames: with kFrameSizeMax and libpcap's header each has 1 KiB.
constexpr int kFramesKept = 1024;
constexpr int kCaptureBufferSize = kFramesKept << 10;
// Between reads of an interface that went down.
constexpr absl::Duration kDownRetry = absl::Milliseconds(100);

using Capture = std::unique_ptr<pcap_t, decltype(&pcap_close)>;

absl::Status ActivationError(const std::string& interface, int code,
                             pcap_t* capture) {
  const std::string text =
      fmt::format("interface {}: {} {}", interface, pcap_statustostr(code),
                  pcap_geterr(capture));
  switch (code) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return absl::NotFoundError(text);
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return absl::PermissionDeniedError(text + ", want CAP_NET_RAW");
    default:
      return absl::UnavailableError(text);
  }
}

// Not by pcap_setfilter(), which has the kernel drop all frames for a moment:
// the kernel itself exchanges filters at once. A filter that libpcap does not
// know of it does not apply again to what has passed it.
absl::Status Attach(const sock_fprog& program, pcap_t* capture) {
  if (setsockopt(pcap_fileno(capture), SOL_SOCKET, SO_ATTACH_FILTER, &program,
                 sizeof(program)) == 0) {
    return absl::OkStatus();
  }
  const std::string text = fmt::format("filter of {} instructions: {}",
                                       program.len, strerror(errno));
  switch (errno) {
    case EINVAL:
      return absl::InvalidArgumentError(text);
    case ENOMEM:
      return absl::ResourceExhaustedError(text);
    default:
      return absl::UnavailableError(text);
  }
}

absl::Status AttachExpression(const std::string& filter, pcap_t* capture) {
  bpf_program compiled = {};
  if (pcap_compile(capture, &compiled, filter.c_str(), /*optimize=*/1,
                   PCAP_NETMASK_UNKNOWN) != 0) {
    return absl::InvalidArgumentError(
        fmt::format("filter \"{}\": {}, want a pcap-filter expression", filter,
                    pcap_geterr(capture)));
  }
  std::vector<sock_filter> program;
  for (u_int i = 0; i < compiled.bf_len; ++i) {
    const bpf_insn& in = compiled.bf_insns[i];
    program.push_back({in.code, in.jt, in.jf, in.k});
  }
  pcap_freecode(&compiled);
  return Attach({static_cast<unsigned short>(program.size()), program.data()},
                capture);
}

absl::Status AttachProgram(const FrameProgram& filter, pcap_t* capture) {
  if (filter.empty() || filter.size() > kFrameProgramSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("filter of {} instructions, want 1 to {}", filter.size(),
                    kFrameProgramSizeMax));
  }
  std::vector<sock_filter> program;
  for (const FrameInstruction& in : filter) {
    program.push_back({static_cast<uint16_t>(in.opcode), in.if_true,
                       in.if_false, in.operand});
  }
  return Attach({static_cast<unsigned short>(program.size()), program.data()},
                capture);
}

// Drops what was captured before there was a filter.
void Drain(pcap_t* capture) {
  pcap_dispatch(
      capture, kFramesKept, [](uint8_t*, const pcap_pkthdr*, const uint8_t*) {},
      nullptr);
}

absl::StatusOr<Capture> Activate(const std::string& interface,
                                 const std::string& filter) {
  char text[PCAP_ERRBUF_SIZE] = {};
  Capture capture(pcap_create(interface.c_str(), text), &pcap_close);
  if (capture == nullptr) {
    return absl::UnavailableError(
        fmt::format("interface {}: {}", interface, text));
  }
  pcap_set_snaplen(capture.get(), kFrameSizeMax);
  pcap_set_promisc(capture.get(), 0);
  pcap_set_immediate_mode(capture.get(), 1);
  pcap_set_buffer_size(capture.get(), kCaptureBufferSize);
  const int code = pcap_activate(capture.get());
  if (code < 0) return ActivationError(interface, code, capture.get());
  if (pcap_datalink(capture.get()) != DLT_EN10MB) {
    return absl::UnavailableError(
        fmt::format("interface {}: link type {}, want Ethernet", interface,
                    pcap_datalink_val_to_name(pcap_datalink(capture.get()))));
  }
  LB_RETURN_IF_ERROR(AttachExpression(filter, capture.get()));
  if (pcap_setdirection(capture.get(), PCAP_D_IN) != 0 ||
      pcap_setnonblock(capture.get(), 1, text) != 0) {
    return absl::UnavailableError(fmt::format(
        "interface {}: {} {}", interface, pcap_geterr(capture.get()), text));
  }
  // The host's own frames then cost nothing; kernels before 4.20 refuse, and
  // libpcap drops the frames that it was told not to give.
  const int on = 1;
  (void)setsockopt(pcap_fileno(capture.get()), SOL_PACKET,
                   PACKET_IGNORE_OUTGOING, &on, sizeof(on));
  Drain(capture.get());
  return capture;
}

// Lives on in the handler that waits, and while a receiver runs.
struct PortState final : FirstLook, std::enable_shared_from_this<PortState> {
  PortState(PosixLoop* loop, Capture active)
      : capture(std::move(active)),
        descriptor(loop->context()),
        on_loop(loop) {}
  ~PortState() override { Close(); }

  absl::Status Register();
  void Wait();
  void Dispatch();
  void Look() override;
  int Read();
  void Close();
  static void OnFrame(uint8_t* state, const pcap_pkthdr* header,
                      const uint8_t* frame);

  const Capture capture;
  asio::posix::stream_descriptor descriptor;  // The capture's: never closed.
  PosixLoop* const on_loop;
  std::unique_ptr<Timer> retry_timer;
  std::shared_ptr<FramePort::Receiver> receiver;
  bool open = true;
};

absl::Status PortState::Register() {
  asio::error_code error;
  descriptor.assign(pcap_get_selectable_fd(capture.get()), error);
  on_loop->LookFirst(weak_from_this());
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("capture: {}", error.message()));
}

void PortState::Wait() {
  descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                        [self = shared_from_this()](const asio::error_code&) {
                          const PosixLoop::MeasuredTurn turn(self->on_loop,
                                                             "takes frames");
                          if (self->open) self->Dispatch();
                        });
}

// As many frames as there are and one turn may take; below 0: the interface is
// down.
int PortState::Read() {
  const auto self = shared_from_this();
  return pcap_dispatch(capture.get(), kFramesPerTurn, &PortState::OnFrame,
                       reinterpret_cast<uint8_t*>(this));
}

void PortState::Look() {
  const PosixLoop::MeasuredTurn turn(on_loop, "takes frames");
  if (open) Read();
}

void PortState::Dispatch() {
  const auto self = shared_from_this();
  const int result = Read();
  if (!open) return;
  if (result >= 0) {
    Wait();
    return;
  }
  retry_timer->Arm(on_loop->Now() + kDownRetry);
}

void PortState::OnFrame(uint8_t* state, const pcap_pkthdr* header,
                        const uint8_t* frame) {
  const auto called = reinterpret_cast<PortState*>(state)->receiver;
  if (called != nullptr) (*called)({frame, header->caplen});
}

void PortState::Close() {
  if (!std::exchange(open, false)) return;
  pcap_breakloop(capture.get());
  if (descriptor.is_open()) descriptor.release();
  retry_timer = nullptr;
  // Destroyed last: it may own objects that call back.
  const auto called = std::exchange(receiver, nullptr);
}

class PcapPort final : public FramePort {
 public:
  PcapPort(std::string interface, int index, std::shared_ptr<PortState> state)
      : interface_(std::move(interface)),
        groups_(index),
        state_(std::move(state)) {}
  ~PcapPort() override { state_->Close(); }

  absl::Status Send(absl::Span<const uint8_t> frame) override {
    if (frame.size() < net::kEthernetHeaderSize) {
      return absl::InvalidArgumentError(
          fmt::format("frame on {}: {} bytes, want at least {}", interface_,
                      frame.size(), net::kEthernetHeaderSize));
    }
    pcap_t* capture = state_->capture.get();
    if (pcap_inject(capture, frame.data(), frame.size()) < 0) {
      return absl::UnavailableError(
          fmt::format("frame on {}: {}", interface_, pcap_geterr(capture)));
    }
    return absl::OkStatus();
  }

  void SetReceiver(Receiver receiver) override {
    state_->receiver =
        receiver ? std::make_shared<Receiver>(std::move(receiver)) : nullptr;
  }

  absl::Status SetFilter(const FrameProgram& program) override {
    return AttachProgram(program, state_->capture.get());
  }

  absl::Status JoinGroup(const net::IpAddress& group) override {
    return groups_.Join(group);
  }
  absl::Status LeaveGroup(const net::IpAddress& group) override {
    return groups_.Leave(group);
  }

 private:
  const std::string interface_;
  GroupMembership groups_;
  const std::shared_ptr<PortState> state_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<FramePort>> PcapFrames::Open(
    const std::string& interface, const std::string& filter) {
  const unsigned index = if_nametoindex(interface.c_str());
  if (index == 0) {
    return absl::NotFoundError(
        fmt::format("interface {}: not there", interface));
  }
  LB_ASSIGN_OR_RETURN(Capture capture, Activate(interface, filter));
  auto state = std::make_shared<PortState>(loop_, std::move(capture));
  state->retry_timer = loop_->NewTimer(
      [raw = state.get()] { raw->Dispatch(); });  // Dies with it.
  LB_RETURN_IF_ERROR(state->Register());
  state->Wait();
  return std::make_unique<PcapPort>(interface, static_cast<int>(index),
                                    std::move(state));
}

}  // namespace lb::io
