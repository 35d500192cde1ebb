#!/usr/bin/env bash
# Makes the demo film: a countdown leader of 48 s in three renditions, H.264 with B-frames and AAC, a key frame every 2 s.
# The time code, the frame number and the rendition's name are burnt in, so that one sees what plays; a note falls on each
# half second. Needs ffmpeg and the DejaVu fonts. The files are committed: run it only to change the film.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p countdown

rate=24 seconds=48
mono=/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf
bold=/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf

# The clock hand goes round once in 2 s: alpha falls off behind it; two rings stand around it.
angle='mod(atan2(X-640,360-Y)+2*PI,2*PI)/(2*PI)'
radius='hypot(X-640,Y-360)'
hand="0.42*lt($radius,262)*max(0,1-2.2*mod(T/2-$angle+1,1))"
rings="0.8*(lt(abs($radius-262),2)+lt(abs($radius-286),2))"
cross='0.25*(lt(abs(X-640),1)+lt(abs(Y-360),1))'

picture="
gradients=s=640x360:r=$rate:d=$seconds:n=4:c0=0xc2571a:c1=0x0f766e:c2=0x5b2a86:c3=0x16213e:
  x0=0:y0=0:x1=640:y1=360:type=linear:speed=0.006:seed=7,scale=1280:720:flags=bicubic,format=yuv420p[ground];
color=white:s=1280x720:r=$rate:d=2[white];
color=black:s=1280x720:r=$rate:d=2,format=gray,geq=lum='255*clip(max($hand,max($rings,$cross)),0,1)'[alpha];
[white][alpha]alphamerge,loop=loop=$((seconds / 2 - 1)):size=$((2 * rate)):start=0,setpts=N/$rate/TB[clock];
[ground][clock]overlay=shortest=1,
drawtext=fontfile=$bold:text='%{eif\:$((seconds / 2))-floor(t/2)\:d}':fontsize=260:fontcolor=white:
  x=(w-text_w)/2:y=(h-text_h)/2,
drawtext=fontfile=$bold:text='unreel':fontsize=44:fontcolor=white@0.85:x=48:y=44,
drawtext=fontfile=$mono:text='%{pts\:hms}  frame %{eif\:n\:d\:4}':fontsize=34:fontcolor=white@0.9:x=48:y=h-80,
split=3[large][middle][small];
[large]drawtext=fontfile=$bold:text='720p':fontsize=44:fontcolor=white@0.85:x=w-text_w-48:y=44[v720];
[middle]scale=854:480:flags=lanczos,setsar=1,drawtext=fontfile=$bold:text='480p':fontsize=30:fontcolor=white@0.85:x=w-text_w-32:y=29[v480];
[small]scale=426:240:flags=lanczos,setsar=1,drawtext=fontfile=$bold:text='240p':fontsize=16:fontcolor=white@0.85:x=w-text_w-16:y=14[v240]"

# A plucked note each half second, steps 0 2 5 7 10 of the scale on A, over a low fifth.
note='220*pow(2,(2*st(1,mod(3*floor(2*t)+floor(t/8),5))+gt(ld(1),1)+gt(ld(1),3))/12)'
sound="
aevalsrc=exprs='0.22*exp(-5*mod(t,0.5))*sin(2*PI*t*($note))+0.05*sin(2*PI*110*t)+0.04*sin(2*PI*164.8*t)
  |0.20*exp(-4*mod(t,0.5))*sin(2*PI*t*($note)*1.001)+0.05*sin(2*PI*110*t)+0.04*sin(2*PI*165.2*t)':s=48000:d=$seconds,
afade=t=in:d=0.5,afade=t=out:st=$((seconds - 2)):d=2,asplit=3[a720][a480][a240]"

rendition() { # label, video quality, audio bit rate
  echo -map "[v$1]" -map "[a$1]" -c:v libx264 -profile:v high -preset veryslow -refs 4 -crf "$2" -bf 3 -g $((2 * rate)) \
    -keyint_min $((2 * rate)) -sc_threshold 0 -flags +cgop -pix_fmt yuv420p -c:a aac -b:a "$3" -ac 2 \
    -movflags +faststart -fflags +bitexact -flags:a +bitexact "countdown/${1}p.mp4"
}

# shellcheck disable=SC2046 # the words of each rendition are separate arguments
ffmpeg -hide_banner -loglevel error -y -filter_complex "$picture;$sound" \
  $(rendition 720 30 64k) $(rendition 480 29 48k) $(rendition 240 29 48k)
ls -l countdown
