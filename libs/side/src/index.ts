export { parseWeights, type WeightDocument } from './document.js';
export { bucketOf, BUCKETS, headersFor, pickSide, type RequestHeaders, SIDE_HEADER, sideOf } from './side.js';
export { type FileSource, type UrlSource, watchWeights, type Weights } from './watch.js';
