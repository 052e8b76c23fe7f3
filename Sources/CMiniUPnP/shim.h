// One question to the first Internet gateway that answers, over the structures of miniupnpc, whose
// texts of fixed length Swift imports as tuples of 128 characters.
#ifndef STARLING_CMINIUPNP_H
#define STARLING_CMINIUPNP_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>

struct starling_gateway {
  struct UPNPUrls urls;
  struct IGDdatas data;
  char own[64]; // this machine's address as the gateway sees it
};

// 0 when one was found; it must be let go of by starling_gateway_free.
static inline int starling_gateway_find(struct starling_gateway *gateway, int milliseconds) {
  int error = 0;
  memset(gateway, 0, sizeof *gateway);
  struct UPNPDev *devices =
      upnpDiscover(milliseconds, NULL, NULL, UPNP_LOCAL_PORT_ANY, 0, 2, &error);
  if (devices == NULL) return -1;
#if MINIUPNPC_API_VERSION >= 18
  char outside[64];
  int kind = UPNP_GetValidIGD(devices, &gateway->urls, &gateway->data, gateway->own,
                              sizeof gateway->own, outside, sizeof outside);
#else
  int kind = UPNP_GetValidIGD(devices, &gateway->urls, &gateway->data, gateway->own,
                              sizeof gateway->own);
#endif
  freeUPNPDevlist(devices);
  if (kind == 1) return 0;
  if (kind != 0) FreeUPNPUrls(&gateway->urls);
  return -1;
}

static inline void starling_gateway_free(struct starling_gateway *gateway) {
  FreeUPNPUrls(&gateway->urls);
}

// The gateway's own IPv4 address; 0 when it said one.
static inline int starling_gateway_outside(struct starling_gateway *gateway, uint32_t *address) {
  char text[64] = {0};
  struct in_addr read;
  int error = UPNP_GetExternalIPAddress(
      gateway->urls.controlURL, gateway->data.first.servicetype, text);
  if (error != 0) return error;
  if (inet_pton(AF_INET, text, &read) != 1) return -1;
  *address = ntohl(read.s_addr);
  return 0;
}

// 0, or the number of a UPnP error. `seconds` 0: until it is taken back.
static inline int starling_gateway_forward(struct starling_gateway *gateway,
                                           unsigned short outside, unsigned short inside,
                                           unsigned int seconds) {
  char from[8], to[8], lease[16];
  snprintf(from, sizeof from, "%u", outside);
  snprintf(to, sizeof to, "%u", inside);
  snprintf(lease, sizeof lease, "%u", seconds);
  return UPNP_AddPortMapping(gateway->urls.controlURL, gateway->data.first.servicetype, from, to,
                             gateway->own, "UDP", "UDP", NULL, lease);
}

static inline int starling_gateway_take_back(struct starling_gateway *gateway,
                                             unsigned short outside) {
  char from[8];
  snprintf(from, sizeof from, "%u", outside);
  return UPNP_DeletePortMapping(
      gateway->urls.controlURL, gateway->data.first.servicetype, from, "UDP", NULL);
}

#endif
