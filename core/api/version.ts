/** Version of this software, in /v1/status, the OpenAPI document and `bulkhead --version`. */
export const VERSION = '0.1.0';
