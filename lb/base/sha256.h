// Sha256: SHA-256 of bytes, at once or piece by piece.
//
// An object may make many digests: it looks OpenSSL's algorithm up once, which
// takes longer than to hash a short text. One thread.
//
//   Sha256 sha256;
//   sha256.Add("head").Add("body");
//   const auto digest = sha256.Finish();
#ifndef LB_BASE_SHA256_H_
#define LB_BASE_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "openssl/types.h"

namespace lb {

class Sha256 {
 public:
  static constexpr size_t kSize = 32;
  using Digest = std::array<uint8_t, kSize>;

  Sha256();

  static Digest Of(std::string_view bytes);

  Sha256& Add(std::string_view bytes);
  // Returns the digest of all that was added since the last Finish().
  Digest Finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const;
  };

  void Begin();

  std::unique_ptr<EVP_MD_CTX, Free> context_;
  bool begun_ = true;
};

}  // namespace lb

#endif  // LB_BASE_SHA256_H_
