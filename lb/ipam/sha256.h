// Sha256: the checksum of what the ledger writes to disk, taken piece by piece.
//
// A value; one thread.
#ifndef LB_IPAM_SHA256_H_
#define LB_IPAM_SHA256_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "openssl/evp.h"

namespace lb::ipam {

class Sha256 {
 public:
  static constexpr size_t kSize = 32;

  Sha256();

  Sha256& Add(std::string_view bytes);
  // The digest of all that was added, kSize bytes. Once.
  std::string Finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_SHA256_H_
