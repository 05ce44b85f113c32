#include "lb/gossip/wire/encryption.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::gossip::wire {
namespace {

constexpr size_t kBlockSize = 16;
constexpr size_t kTagSize = 16;
constexpr size_t kHeaderSize = 1 + std::tuple_size_v<Nonce>;

const EVP_CIPHER* Cipher(size_t key_size) {
  switch (key_size) {
    case 16:
      return EVP_aes_128_gcm();
    case 24:
      return EVP_aes_192_gcm();
    case 32:
      return EVP_aes_256_gcm();
  }
  LB_UNREACHABLE();
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const {
    EVP_CIPHER_CTX_free(context);
  }
};

enum class Direction : int { kOpen = 0, kSeal = 1 };  // As OpenSSL has it.

// A context, and the key that it was used with last. Small packets are most of
// the traffic, nearly all under one key: to make a context, to look its cipher
// up, and to set a key, costs more than to seal one.
class KeyedContext {
 public:
  explicit KeyedContext(Direction direction)
      : direction_(direction), context_(EVP_CIPHER_CTX_new()) {
    LB_CHECK(context_ != nullptr);
  }

  // The context, ready for data under this key and nonce.
  EVP_CIPHER_CTX* Begin(absl::Span<const uint8_t> key, const uint8_t* nonce) {
    const bool is_set = key == absl::MakeConstSpan(key_);
    LB_CHECK(EVP_CipherInit_ex(context_.get(),
                               is_set ? nullptr : Cipher(key.size()), nullptr,
                               is_set ? nullptr : key.data(), nonce,
                               static_cast<int>(direction_)) == 1);
    if (!is_set) key_.assign(key.begin(), key.end());
    return context_.get();
  }

 private:
  const Direction direction_;
  const std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context_;
  Bytes key_;
};

// One of each thread.
KeyedContext& Sealing() {
  thread_local KeyedContext context(Direction::kSeal);
  return context;
}
KeyedContext& Opening() {
  thread_local KeyedContext context(Direction::kOpen);
  return context;
}

int Size(absl::Span<const uint8_t> bytes) {
  LB_CHECK(bytes.size() <= std::numeric_limits<int>::max());
  return static_cast<int>(bytes.size());
}

struct Sealed {
  absl::Span<const uint8_t> nonce;
  absl::Span<const uint8_t> ciphertext;
  absl::Span<const uint8_t> tag;
};

std::optional<Bytes> OpenWith(const Bytes& key, const Sealed& sealed,
                              absl::Span<const uint8_t> aad) {
  EVP_CIPHER_CTX* const context = Opening().Begin(key, sealed.nonce.data());
  Bytes plain(sealed.ciphertext.size());
  Bytes tag(sealed.tag.begin(), sealed.tag.end());  // OpenSSL wants it mutable.
  int size = 0;
  LB_CHECK(aad.empty() || EVP_DecryptUpdate(context, nullptr, &size, aad.data(),
                                            Size(aad)) == 1);
  LB_CHECK(plain.empty() || EVP_DecryptUpdate(context, plain.data(), &size,
                                              sealed.ciphertext.data(),
                                              Size(sealed.ciphertext)) == 1);
  LB_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagSize,
                               tag.data()) == 1);
  uint8_t none = 0;  // GCM has no last block; the pointer must not be null.
  if (EVP_DecryptFinal_ex(context, &none, &size) != 1) return std::nullopt;
  return plain;
}

absl::Status StripPadding(Bytes* plain) {
  const size_t padding = plain->back();
  if (padding == 0 || padding > kBlockSize || padding > plain->size() ||
      plain->size() % kBlockSize != 0 ||
      !std::all_of(plain->end() - padding, plain->end(),
                   [padding](uint8_t byte) { return byte == padding; })) {
    return absl::InvalidArgumentError(
        fmt::format("encryption: last byte {}, want PKCS#7 padding", padding));
  }
  plain->resize(plain->size() - padding);
  return absl::OkStatus();
}

}  // namespace

size_t EncryptionOverhead(EncryptionVersion version) {
  const size_t padding = version == EncryptionVersion::kPadded ? kBlockSize : 0;
  return kHeaderSize + padding + kTagSize;
}

size_t SealedSize(EncryptionVersion version, size_t plain_size) {
  if (version == EncryptionVersion::kPadded) {
    plain_size += kBlockSize - plain_size % kBlockSize;
  }
  return kHeaderSize + plain_size + kTagSize;
}

Bytes Seal(const SealOptions& options, absl::Span<const uint8_t> plain,
           absl::Span<const uint8_t> aad) {
  LB_CHECK(!plain.empty());
  Bytes padded(plain.begin(), plain.end());
  const size_t size = SealedSize(options.version, plain.size());
  const size_t padding = size - kHeaderSize - kTagSize - plain.size();
  padded.insert(padded.end(), padding, static_cast<uint8_t>(padding));

  Bytes sealed(size);
  sealed[0] = static_cast<uint8_t>(options.version);
  std::copy(options.nonce.begin(), options.nonce.end(), sealed.begin() + 1);
  EVP_CIPHER_CTX* const context =
      Sealing().Begin(options.key, options.nonce.data());
  int written = 0;
  LB_CHECK(aad.empty() || EVP_EncryptUpdate(context, nullptr, &written,
                                            aad.data(), Size(aad)) == 1);
  LB_CHECK(EVP_EncryptUpdate(context, sealed.data() + kHeaderSize, &written,
                             padded.data(), Size(padded)) == 1);
  uint8_t* const tag = sealed.data() + size - kTagSize;
  LB_CHECK(EVP_EncryptFinal_ex(context, tag, &written) == 1);
  LB_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag) ==
           1);
  return sealed;
}

absl::StatusOr<Bytes> Open(const Keyring& keyring,
                           absl::Span<const uint8_t> payload,
                           absl::Span<const uint8_t> aad) {
  const absl::Status refused = absl::UnauthenticatedError(
      absl::string_view(kNoKeyOpens.data(), kNoKeyOpens.size()));
  if (payload.empty() || payload[0] > 1) return refused;
  const auto version = static_cast<EncryptionVersion>(payload[0]);
  if (payload.size() < EncryptionOverhead(version)) return refused;
  const size_t tag_at = payload.size() - kTagSize;
  const Sealed sealed = {
      .nonce = payload.subspan(1, std::tuple_size_v<Nonce>),
      .ciphertext = payload.subspan(kHeaderSize, tag_at - kHeaderSize),
      .tag = payload.subspan(tag_at)};
  for (const Bytes& key : keyring.keys()) {
    std::optional<Bytes> plain = OpenWith(key, sealed, aad);
    if (!plain) continue;
    if (version == EncryptionVersion::kPadded) {
      if (const absl::Status status = StripPadding(&*plain); !status.ok()) {
        return status;
      }
    }
    if (plain->empty()) {
      return absl::InvalidArgumentError("encryption: 0 bytes, want a message");
    }
    return *std::move(plain);
  }
  return refused;
}

}  // namespace lb::gossip::wire
