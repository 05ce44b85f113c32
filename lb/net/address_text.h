// Address text: what people put round addresses when they copy them out of
// pages and chats, and how to show what cannot be read.
//
// White space of every kind, invisible characters and the many dashes of
// Unicode look like nothing, or like '-'. Pure functions.
//
//   NormalizeAddressText("\u00a010.0.0.1 \u2013 10.0.0.9");
//   // "10.0.0.1-10.0.0.9"
#ifndef LB_NET_ADDRESS_TEXT_H_
#define LB_NET_ADDRESS_TEXT_H_

#include <string>
#include <string_view>

namespace lb::net {

// Every dash as '-'; no white space and no invisible characters at either end
// and round dashes. White space elsewhere stays, as it is a fault.
std::string NormalizeAddressText(std::string_view text);

// The text with all that is no printable ASCII as \u00a0, \U0001f600 or, if it
// is no UTF-8, \xff.
std::string EscapedText(std::string_view text);

}  // namespace lb::net

#endif  // LB_NET_ADDRESS_TEXT_H_
