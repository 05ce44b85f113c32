// Damaged input: each vector of the corpus cut at every length, with lying
// bytes at every place, and with random mutations. Whatever decodes encodes to
// something that decodes to an equal message; nothing crashes.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/testing/round_trip.h"
#include "lb/gossip/wire/testing/vectors.h"

namespace lb::gossip::wire {
namespace {

// What is left of a vector once its label and encryption are taken off matters
// more than they do, so plaintext goes through as well.
CodecOptions LaxOptions(const Vector& vector) {
  CodecOptions options = vector.Options();
  options.verify_incoming = false;
  return options;
}

// How many of the three readings of the bytes gave a message.
class Prober {
 public:
  explicit Prober(const Vector& vector)
      : round_trip_(Codec(LaxOptions(vector), vector.Keys(), CountingNonce)) {}

  int Probe(absl::Span<const uint8_t> bytes) const {
    return round_trip_.Packet(bytes) +
           round_trip_.Stream(bytes, Codec::Direction::kRequest) +
           round_trip_.Stream(bytes, Codec::Direction::kResponse);
  }

 private:
  RoundTrip round_trip_;
};

std::vector<Vector> WholeVectors() {
  std::vector<Vector> vectors = ReadVectors();
  std::erase_if(vectors, [](const Vector& vector) {
    return vector.hex.find("..") != std::string::npos;
  });
  return vectors;
}

TEST(HostileTest, SurvivesEveryTruncation) {
  for (const Vector& vector : WholeVectors()) {
    SCOPED_TRACE(vector.name + ", " + vector.build);
    const Bytes bytes = FromHex(vector.hex);
    const Prober prober(vector);
    for (size_t size = 0; size < bytes.size(); ++size) {
      prober.Probe(absl::MakeConstSpan(bytes).first(size));
    }
  }
}

// Among the places are all lengths, counts and types.
TEST(HostileTest, SurvivesLiesAtEveryPlace) {
  constexpr uint8_t kLies[] = {0x00, 0x01, 0x7f, 0x80, 0x8f, 0xc0, 0xc6, 0xcf,
                               0xd3, 0xda, 0xdb, 0xdd, 0xdf, 0xf4, 0xff};
  int decoded = 0;
  for (const Vector& vector : WholeVectors()) {
    SCOPED_TRACE(vector.name + ", " + vector.build);
    const Prober prober(vector);
    Bytes bytes = FromHex(vector.hex);
    for (uint8_t& byte : bytes) {
      const uint8_t truth = byte;
      for (const uint8_t lie : kLies) {
        byte = lie;
        decoded += prober.Probe(bytes);
      }
      byte = truth;
    }
  }
  EXPECT_GT(decoded, 10000);  // Else the lies are too easily seen through.
}

TEST(HostileTest, SurvivesRandomMutations) {
  constexpr uint64_t kSeed = 20241119;
  constexpr int kRounds = 100000;
  Prng prng(kSeed);
  const std::vector<Vector> vectors = WholeVectors();
  std::vector<Bytes> inputs;
  std::vector<Prober> probers;
  for (const Vector& vector : vectors) {
    inputs.push_back(FromHex(vector.hex));
    probers.emplace_back(vector);
  }
  int decoded = 0;
  for (int round = 0; round < kRounds; ++round) {
    SCOPED_TRACE(testing::Message() << "seed " << kSeed << ", round " << round);
    const size_t which = prng.Uniform(vectors.size());
    Bytes bytes = inputs[which];
    for (uint64_t n = prng.Uniform(4) + 1; n > 0 && !bytes.empty(); --n) {
      const auto at =
          bytes.begin() + static_cast<ptrdiff_t>(prng.Uniform(bytes.size()));
      switch (prng.Uniform(4)) {
        case 0:
          *at = static_cast<uint8_t>(prng.Next());
          break;
        case 1:
          *at ^= static_cast<uint8_t>(1 << prng.Uniform(8));
          break;
        case 2:
          bytes.erase(at);
          break;
        default:
          bytes.insert(at, static_cast<uint8_t>(prng.Next()));
      }
    }
    decoded += probers[which].Probe(bytes);
  }
  EXPECT_GT(decoded, kRounds / 10);
}

}  // namespace
}  // namespace lb::gossip::wire
