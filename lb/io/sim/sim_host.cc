#include "lb/io/sim/sim_host.h"

#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::io {
namespace {

net::MacAddress MacOf(int number) {
  return {{0x02, 0, 0, static_cast<uint8_t>(number >> 16),
           static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)}};
}

Link Loopback() {
  return {.index = 1,
          .name = "lo",
          .up = true,
          .carrier = true,
          .loopback = true,
          .addresses = {*net::ParseIpPrefix("127.0.0.1/8")}};
}

Link Eth0(const net::MacAddress& mac, std::vector<net::IpPrefix> addresses) {
  return {.index = 2,
          .name = "eth0",
          .mac = mac,
          .up = true,
          .carrier = true,
          .broadcast = true,
          .addresses = std::move(addresses)};
}

SimAttachment MakeAttachment(int host, const SimHostOptions& options,
                             SimProcess* process, const SimLinkMonitor* links) {
  LB_CHECK(!options.addresses.empty());
  SimAttachment attachment{.host = host, .process = process, .links = links};
  for (const net::IpPrefix& prefix : options.addresses) {
    attachment.addresses.push_back(prefix.address);
  }
  return attachment;
}

}  // namespace

SimHost::SimHost(int number, SimHostOptions options, SimLoop* loop,
                 SimNetwork* network, SimSegment* segment)
    : number_(number),
      options_(std::move(options)),
      network_(network),
      mac_(MacOf(number)),
      prng_(network->prng().Fork(options_.name)),
      process_(loop),
      links_(&process_),
      routes_(&links_),
      installer_(&links_),
      state_(&process_),
      resolver_(&process_),
      attachment_(MakeAttachment(number, options_, &process_, &links_)),
      datagram_factory_(network, &attachment_),
      stream_factory_(network, &attachment_),
      datagrams_(datagram_factory_.BindHost(options_.port)),
      streams_(stream_factory_.ListenHost(options_.port)),
      frames_(segment, &attachment_, mac_) {
  for (const net::IpAddress& address : attachment_.addresses) {
    network->Attach(address, &attachment_);
  }
  links_.SetLink(Loopback());
  links_.SetLink(Eth0(mac_, options_.addresses));
}

Environment SimHost::environment() {
  const Prng prng = prng_.Fork(fmt::format("run {}", process_.run()));
  return {.loop = &process_,
          .datagrams = datagrams_.get(),
          .streams = streams_.get(),
          .datagram_factory = &datagram_factory_,
          .stream_factory = &stream_factory_,
          .frames = &frames_,
          .links = &links_,
          .routes = &routes_,
          .installer = &installer_,
          .state = &state_,
          .log = &log_,
          .prng = prng.Fork("node"),
          .random_bytes =
              [bytes = prng.Fork("bytes")](absl::Span<uint8_t> out) mutable {
                for (uint8_t& byte : out) {
                  byte = static_cast<uint8_t>(bytes.Next());
                }
              },
          .sysctl = [this](const std::string& name) -> std::optional<int> {
            const auto it = sysctls_.find(name);
            if (it == sysctls_.end()) return std::nullopt;
            return it->second;
          },
          .resolver = &resolver_,
          .turns = &turns_};
}

void SimHost::Renumber(const net::IpPrefix& to) {
  const net::IpPrefix from = std::exchange(options_.addresses[0], to);
  network_->Move(from.address, to.address);
  attachment_.addresses[0] = to.address;
  links_.RemoveAddress("eth0", from);
  links_.AddAddress("eth0", to);
}

void SimHost::Crash() {
  attachment_.powered = false;
  StopNode();
  installer_.Clear();
}

void SimHost::Kill() { StopNode(); }

void SimHost::Restart() {
  LB_CHECK(!running());
  if (!attachment_.powered) {
    attachment_.powered = true;
    ++attachment_.boot;
  }
  process_.Start();
}

void SimHost::StopNode() {
  // While its kernel can still tell its own run.
  stream_factory_.OnNodeStopping();
  process_.Kill();
  datagram_factory_.OnNodeStopped();
  stream_factory_.OnNodeStopped();
  frames_.CloseAll();
  links_.SetObserver(nullptr);
  log_.SetObserver(nullptr);
  state_.DropPending();
}

}  // namespace lb::io
