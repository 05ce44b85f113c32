#include "lb/io/sim/frame_filter.h"

#include <pcap/pcap.h>

#include <utility>
#include <vector>

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

absl::StatusOr<FrameFilter> FrameFilter::Load(const FrameProgram& program) {
  // Frees its instructions with itself.
  struct Loaded {
    std::vector<bpf_insn> instructions;
    bpf_program program = {};
  };
  const auto loaded = std::make_shared<Loaded>();
  for (const FrameInstruction& in : program) {
    loaded->instructions.push_back(
        {static_cast<u_short>(in.opcode), in.if_true, in.if_false, in.operand});
  }
  const int size = static_cast<int>(program.size());
  if (program.size() > kFrameProgramSizeMax ||
      bpf_validate(loaded->instructions.data(), size) == 0) {
    return absl::InvalidArgumentError(fmt::format(
        "filter of {} instructions: want a program of the BPF machine", size));
  }
  loaded->program = {static_cast<u_int>(size), loaded->instructions.data()};
  return FrameFilter({loaded, &loaded->program});
}

bool FrameFilter::Matches(absl::Span<const uint8_t> frame) const {
  pcap_pkthdr header = {};
  header.caplen = static_cast<bpf_u_int32>(frame.size());
  header.len = header.caplen;
  return pcap_offline_filter(program_.get(), &header, frame.data()) != 0;
}

}  // namespace lb::io
