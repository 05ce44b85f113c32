// FrameProgram: a frame filter as a ready program of the classic BPF machine.
//
// For filters that change while frames come: libpcap takes milliseconds to
// compile an expression of 128 address ranges, and has them tested one after
// another (figures: lb/announce/README.md, "Edge"). Values only; a FramePort
// takes them in SetFilter(). The machine and its codes are those of
// linux/filter.h and pcap/bpf.h (S. McCanne, V. Jacobson, "The BSD Packet
// Filter", 1993): one 32-bit accumulator A, one index register X, jumps that
// only go forward, and a load beyond the frame's end rejects the frame.
#ifndef LB_IO_FRAME_PROGRAM_H_
#define LB_IO_FRAME_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lb::io {

enum class FrameOpcode : uint16_t {
  kReturn = 0x06,         // Accept `operand` bytes of the frame; 0: reject.
  kLoadWord = 0x20,       // A = 4 bytes from offset `operand`, big-endian.
  kLoadHalf = 0x28,       // A = 2 bytes.
  kLoadByte = 0x30,       // A = 1 byte.
  kAnd = 0x54,            // A &= operand.
  kCopyToIndex = 0x07,    // X = A.
  kAddIndex = 0x0c,       // A += X, modulo 2^32.
  kJump = 0x05,           // Skip `operand` instructions.
  kJumpIfEqual = 0x15,    // A == operand: skip `if_true`, else `if_false`.
  kJumpIfAtLeast = 0x35,  // A >= operand, likewise.
};

struct FrameInstruction {
  FrameOpcode opcode = FrameOpcode::kReturn;
  uint8_t if_true = 0;
  uint8_t if_false = 0;
  uint32_t operand = 0;

  friend bool operator==(const FrameInstruction&,
                         const FrameInstruction&) = default;
};

using FrameProgram = std::vector<FrameInstruction>;

// The kernel's BPF_MAXINSNS.
inline constexpr size_t kFrameProgramSizeMax = 4096;

}  // namespace lb::io

#endif  // LB_IO_FRAME_PROGRAM_H_
