/**
 * The module that every process runs before it waits. So the code that loads modules is compiled by then. It prints
 * nothing.
 */
export const WARM_UP = Uint8Array.fromBase64(
  [
    "AGFzbQEAAAABNgdgBH9/f38Bf2AEf39/fwF/YAl/f39/f35+f38Bf2AFf39/f38Bf2ACf38Bf2ACf38Bf2AAAALdAQYWd2FzaV9z",
    "bmFwc2hvdF9wcmV2aWV3MQhmZF93cml0ZQAAFndhc2lfc25hcHNob3RfcHJldmlldzEHZmRfcmVhZAABFndhc2lfc25hcHNob3Rf",
    "cHJldmlldzEJcGF0aF9vcGVuAAIWd2FzaV9zbmFwc2hvdF9wcmV2aWV3MQxwYXRoX3N5bWxpbmsAAxZ3YXNpX3NuYXBzaG90X3By",
    "ZXZpZXcxEWVudmlyb25fc2l6ZXNfZ2V0AAQWd2FzaV9zbmFwc2hvdF9wcmV2aWV3MQtlbnZpcm9uX2dldAAFAwIBBgUDAQADBxMC",
    "Bl9zdGFydAAGBm1lbW9yeQIACh4BHABBAEGACDYCAEEEQQA2AgBBAUEAQQFBCBAAGgsLAQA=",
  ].join(""),
);
