#include "lb/io/sim/frame_filter.h"

#include <pcap/pcap.h>

#include <utility>

#include "fmt/format.h"

namespace lb::io {

absl::StatusOr<FrameFilter> FrameFilter::Compile(
    const std::string& expression) {
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> dead(
      pcap_open_dead(DLT_EN10MB, /*snaplen=*/2048), &pcap_close);
  auto program = std::make_unique<bpf_program>();
  if (pcap_compile(dead.get(), program.get(), expression.c_str(),
                   /*optimize=*/1, PCAP_NETMASK_UNKNOWN) != 0) {
    return absl::InvalidArgumentError(
        fmt::format("filter \"{}\": {}, want a pcap-filter expression",
                    expression, pcap_geterr(dead.get())));
  }
  return FrameFilter(std::shared_ptr<bpf_program>(program.release(),
                                                  [](bpf_program* compiled) {
                                                    pcap_freecode(compiled);
                                                    delete compiled;
                                                  }));
}

bool FrameFilter::Matches(absl::Span<const uint8_t> frame) const {
  pcap_pkthdr header = {};
  header.caplen = static_cast<bpf_u_int32>(frame.size());
  header.len = header.caplen;
  return pcap_offline_filter(program_.get(), &header, frame.data()) != 0;
}

}  // namespace lb::io
