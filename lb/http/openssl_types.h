// Owners of OpenSSL's objects, and its errors as text.
//
// Private to lb/http.
#ifndef LB_HTTP_OPENSSL_TYPES_H_
#define LB_HTTP_OPENSSL_TYPES_H_

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace lb::http {

template <typename T, void (*free)(T*)>
struct FreeBy {
  void operator()(T* object) const { free(object); }
};

using SslPointer = std::unique_ptr<SSL, FreeBy<SSL, SSL_free>>;
using CertificatePointer = std::unique_ptr<X509, FreeBy<X509, X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY, EVP_PKEY_free>>;
using BioPointer = std::unique_ptr<BIO, FreeBy<BIO, BIO_free_all>>;

}  // namespace lb::http

#endif  // LB_HTTP_OPENSSL_TYPES_H_
