/** What the embedded broker and registry are for; the first line of their log and of every banner that names them. */
export const EMBEDDED_NOTICE =
  'embedded, single node: for one machine and for tests. Production is Apache Kafka: set KAFKA_BROKERS.'
